#include "index/vector/search_cost.h"

namespace elanus::index {

// The constants were fitted to measured searches of sets that no cache holds
// (AVX-512): most of the time goes into waiting for memory.

double GraphSearchCost(std::size_t ef, std::size_t m, std::size_t dim) {
  // A row has about 1.2 m links, of which half lead to rows already seen.
  const double distances = 0.6 * static_cast<double>(ef * m);
  return 3000 + distances * (70 + 0.1 * static_cast<double>(dim));
}

double ListSearchCost(const ListSearch& search) {
  const auto of = [](std::size_t count) { return static_cast<double>(count); };
  const double dim = of(search.dim);
  const double centroids = of(search.lists) * (4 + 0.05 * dim);
  const double scan = of(search.probes) * 50 +
                      of(search.rows) * (1.2 + 0.018 * of(search.parts));
  const double again = of(search.reordered) * (50 + 0.25 * dim);
  return 3000 + 30 * of(search.parts) + centroids + scan + again;
}

}  // namespace elanus::index

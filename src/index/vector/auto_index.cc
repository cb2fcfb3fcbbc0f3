#include "index/vector/auto_index.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "index/vector/hnsw/hnsw_index.h"
#include "index/vector/ivf/ivf_index.h"

namespace elanus::index {
namespace {

// Below, any search is quick and the graph's other virtues count.
constexpr std::size_t kMinRows = 32768;
// A graph that finds this recall for so many nanoseconds is hard to beat.
constexpr double kRecall = 0.95;
constexpr double kEasyCost = 40000;
// Lists have to be so many times cheaper: they look at more under a filter.
constexpr double kGain = 1.25;
// Lists for the root of the rows: few rows in each, since centroids are
// compared more quickly than they.
constexpr double kListsPerRoot = 2.7;
constexpr double kMaxLists = 65536;

}  // namespace

std::optional<IndexSpec> ListsInPlaceOf(const IndexSpec& spec,
                                        std::size_t rows) {
  if (!spec.is_auto || spec.type != IndexType::kHnsw || rows < kMinRows) {
    return std::nullopt;
  }
  IndexSpec lists = spec;
  lists.type = IndexType::kScann;
  const double nlist = kListsPerRoot * std::sqrt(static_cast<double>(rows));
  lists.ivf = {.nlist = static_cast<std::uint32_t>(std::min(nlist, kMaxLists)),
               .sub_dim = 2,
               .refine = RefineType::kFp32};
  return lists;
}

absl::StatusOr<std::unique_ptr<VectorIndex>> BuildAutoIndex(
    const base::OpContext& ctx, const IndexSpec& spec,
    const VectorDataset& dataset, const BuildOptions& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<HnswIndex> graph,
                   HnswIndex::Build(ctx, spec, dataset, options));
  const std::optional<IndexSpec> other = ListsInPlaceOf(spec, dataset.rows());
  const double cost = graph->SearchCost(kRecall);
  if (!other.has_value() || cost < kEasyCost) {
    return std::unique_ptr<VectorIndex>(std::move(graph));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<IvfIndex> lists,
                   IvfIndex::Build(ctx, *other, dataset, options));
  if (lists->SearchCost(kRecall) * kGain < cost) {
    return std::unique_ptr<VectorIndex>(std::move(lists));
  }
  return std::unique_ptr<VectorIndex>(std::move(graph));
}

}  // namespace elanus::index

#include "index/vector/query_check.h"

#include <algorithm>

namespace elanus::index {

using base::ErrorCode;
using base::InvalidInput;

absl::Status CheckDimension(std::span<const float> query, std::size_t dim) {
  if (query.size() == dim) return absl::OkStatus();
  return InvalidInput(ErrorCode::kParameterInvalid,
                      "query has {} dimensions, the index has {}", query.size(),
                      dim);
}

absl::Status CheckSearch(const SearchQuery& query, const SearchOutput& out,
                         std::size_t dim) {
  if (query.queries.size() != query.nq * dim) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "{} values given for {} queries of {} dimensions",
                        query.queries.size(), query.nq, dim);
  }
  const std::size_t hits = query.nq * query.k;
  if (out.distances.size() != hits || out.rows.size() != hits) {
    return base::Error(ErrorCode::kUnexpected,
                       "room for {} distances and {} rows, {} hits wanted",
                       out.distances.size(), out.rows.size(), hits);
  }
  return absl::OkStatus();
}

void PutHits(std::span<const Neighbor> hits, std::size_t q, std::size_t k,
             const SearchOutput& out) {
  for (std::size_t i = 0; i < k; ++i) {
    const Neighbor hit = i < hits.size() ? hits[i] : Neighbor{};
    out.distances[q * k + i] = hit.distance;
    out.rows[q * k + i] = hit.row;
  }
}

}  // namespace elanus::index

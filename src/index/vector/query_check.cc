#include "index/vector/query_check.h"

#include <algorithm>

namespace elanus::index {

using base::ErrorCode;
using base::InvalidInput;

absl::Status CheckDimension(const Queries& queries, std::size_t dim,
                            std::size_t nq) {
  if (queries.floats().size() == nq * dim) return absl::OkStatus();
  return InvalidInput(ErrorCode::kParameterInvalid,
                      "{} values given for {} queries of {} dimensions",
                      queries.floats().size(), nq, dim);
}

absl::Status CheckQueries(const Queries& queries, types::DataType type,
                          std::size_t dim, std::size_t nq) {
  std::size_t got = queries.sparse().size();
  std::size_t want = nq;
  if (type == types::DataType::kBinaryVector) {
    got = queries.bits().size() * 8;
    want = nq * dim;
  } else if (type != types::DataType::kSparseFloatVector) {
    return CheckDimension(queries, dim, nq);
  }
  if (got == want) return absl::OkStatus();
  return InvalidInput(ErrorCode::kParameterInvalid,
                      "{} values given for {} queries on {} of {} dimensions",
                      got, nq, types::NameOf(type), dim);
}

absl::Status CheckRoom(const SearchQuery& query, const SearchOutput& out) {
  const std::size_t hits = query.nq * query.k;
  if (out.distances.size() == hits && out.rows.size() == hits) {
    return absl::OkStatus();
  }
  return base::Error(ErrorCode::kUnexpected,
                     "room for {} distances and {} rows, {} hits wanted",
                     out.distances.size(), out.rows.size(), hits);
}

absl::Status CheckSearch(const SearchQuery& query, const SearchOutput& out,
                         std::size_t dim) {
  RETURN_IF_ERROR(CheckDimension(query.queries, dim, query.nq));
  return CheckRoom(query, out);
}

void PutHits(std::span<const Neighbor> hits, std::size_t q, std::size_t k,
             const SearchOutput& out) {
  for (std::size_t i = 0; i < k; ++i) {
    const Neighbor hit = i < hits.size() ? hits[i] : Neighbor{};
    out.distances[q * k + i] = hit.distance;
    out.rows[q * k + i] = hit.row;
  }
}

std::optional<std::vector<Neighbor>> TakeRange(std::span<const Neighbor> hits,
                                               bool is_all,
                                               const RangeQuery& query) {
  std::vector<Neighbor> inside;
  for (const Neighbor& hit : hits) {
    if (inside.size() == query.limit) return inside;
    if (query.Holds(hit.distance)) inside.push_back(hit);
  }
  const bool reaches_end = !hits.empty() && hits.back().distance >= query.below;
  if (is_all || reaches_end || inside.size() == query.limit) return inside;
  return std::nullopt;
}

}  // namespace elanus::index

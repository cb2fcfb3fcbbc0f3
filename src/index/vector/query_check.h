// What every index checks before it looks at a query, and how it answers.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/status.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

// There are `nq` float32 queries of this dimension.
// Errors: kParameterInvalid.
absl::Status CheckDimension(const Queries& queries, std::size_t dim,
                            std::size_t nq = 1);
// As above for rows of any type.
absl::Status CheckQueries(const Queries& queries, types::DataType type,
                          std::size_t dim, std::size_t nq);
// Besides, the output has room for nq times k hits.
absl::Status CheckSearch(const SearchQuery& query, const SearchOutput& out,
                         std::size_t dim);
// The output alone.
absl::Status CheckRoom(const SearchQuery& query, const SearchOutput& out);

// Writes the hits of query number `q`, filled up with missing ones.
void PutHits(std::span<const Neighbor> hits, std::size_t q, std::size_t k,
             const SearchOutput& out);

// Those of the nearest `hits`, nearest first, that are in the range. Nothing =
// the range reaches beyond them: look farther. `is_all`: there are no more.
std::optional<std::vector<Neighbor>> TakeRange(std::span<const Neighbor> hits,
                                               bool is_all,
                                               const RangeQuery& query);

}  // namespace elanus::index

// What every index checks before it looks at a query.
#pragma once

#include <cstddef>
#include <span>

#include "base/status.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

// The spans fit nq, k and dim. Errors: kParameterInvalid.
absl::Status CheckSearch(const SearchQuery& query, const SearchOutput& out,
                         std::size_t dim);
absl::Status CheckDimension(std::span<const float> query, std::size_t dim);

// Writes the hits of query number `q`, filled up with missing ones.
void PutHits(std::span<const Neighbor> hits, std::size_t q, std::size_t k,
             const SearchOutput& out);

}  // namespace elanus::index

// Searches of all rows that are in, by the finest values that an HNSW_PQ or
// HNSW_PRQ index holds: where few rows pass a filter, where a walk went astray,
// and for iterators. Queries are bound (BindQueries).
//
// Threads:   pure.
// Ownership: an iterator borrows the rows, and the excluded bits until its
//            first Next has returned.
// Errors:    of the context.
#pragma once

#include <memory>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/hnsw/product_rows.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

absl::Status ProductSearch(const base::OpContext& ctx, const ProductRows& rows,
                           const SearchQuery& query, const SearchOutput& out);

// Nearest first.
absl::StatusOr<std::vector<Neighbor>> ProductRangeSearch(
    const base::OpContext& ctx, const ProductRows& rows,
    const RangeQuery& query);

std::unique_ptr<VectorIterator> ProductIterate(const ProductRows& rows,
                                               const IterateQuery& query);

}  // namespace elanus::index

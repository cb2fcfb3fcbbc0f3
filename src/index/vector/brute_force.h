// Exact search over rows that lie in blocks: what FLAT does, what a growing
// segment does, and what every index does when few rows pass a filter.
//
//   RETURN_IF_ERROR(BruteForceSearch(
//       ctx, {.blocks = blocks, .dim = dim}, types::MetricType::kL2,
//       {.queries = queries, .nq = 2, .k = 10, .excluded = excluded},
//       {.distances = distances, .rows = rows}));
//
// The row of a hit counts through all blocks: block 1 starts behind the last
// row of block 0, unless the dataset numbers its rows. Several queries are
// computed together, block of rows by block of queries, so that a row is
// fetched from memory once for all.
//
// Threads: pure functions; the caller splits big work by blocks or queries.
// Errors:  as VectorIndex.
#pragma once

#include <memory>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/vector_index.h"
#include "types/metric.h"

namespace elanus::index {

absl::Status BruteForceSearch(const base::OpContext& ctx,
                              const VectorDataset& dataset,
                              types::MetricType metric,
                              const SearchQuery& query,
                              const SearchOutput& out);

// Nearest first.
absl::StatusOr<std::vector<Neighbor>> BruteForceRangeSearch(
    const base::OpContext& ctx, const VectorDataset& dataset,
    types::MetricType metric, const RangeQuery& query);

// Borrows the dataset's blocks and rows until a Next has succeeded.
// Holds 8 bytes a row.
absl::StatusOr<std::unique_ptr<VectorIterator>> BruteForceIterate(
    const VectorDataset& dataset, types::MetricType metric,
    const IterateQuery& query);

}  // namespace elanus::index

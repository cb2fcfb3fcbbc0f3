// Measures how much of the truth walks through a graph find.
//
// The queries are rows that are not in the graph yet (held_out.h): a row that
// is in it finds its neighbours by its own links and would flatter the graph.
//
// Threads: the executor's threads work along; the result does not depend on
//          them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/hnsw/graph.h"
#include "index/vector/hnsw/recall_curve.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

// Rows as queries, and how near the truth is.
struct HeldOut {
  std::vector<std::uint32_t> rows;  // none: they are no rows of the graph
  std::vector<float> queries;
  std::vector<float> bounds;  // the distance of the tenth nearest other row
  // The `depth` nearest other rows of each, nearest first.
  std::size_t depth = 0;
  std::vector<std::uint32_t> nearest;
};

// `graph` needs no links yet; `depth`: kMeasuredNeighbours or more.
absl::StatusOr<HeldOut> FindTruth(const base::OpContext& ctx,
                                  const HnswGraph& graph,
                                  std::vector<std::uint32_t> rows,
                                  std::size_t depth,
                                  const BuildOptions& options);

// The same for queries that are no rows of the graph, which must have errors of
// its codes: only the bounds. `queries` as rows are stored (BindQueries).
absl::StatusOr<HeldOut> FindTruthOf(const base::OpContext& ctx,
                                    const HnswGraph& graph,
                                    std::vector<float> queries);

// Are the nearest rows among the nearest by their codes? If not, the codes
// would lead walks astray.
absl::StatusOr<bool> CodesServe(const base::OpContext& ctx,
                                const HnswGraph& graph, const HeldOut& held_out,
                                const BuildOptions& options);

// The curve of the graph, which holds all rows but `held_out`.
absl::StatusOr<std::vector<RecallPoint>> MeasureRecall(
    const base::OpContext& ctx, const HnswGraph& graph, const HeldOut& held_out,
    const BuildOptions& options);

}  // namespace elanus::index

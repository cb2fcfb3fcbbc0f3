// How a graph is searched under a filter: by walks through it; where it has
// lists and a walk would have to be wide, through these; or, where few rows
// pass, by a scan. Which, is told by cost.
//
//   const GraphPlan plan = PlanSearch(graph, ef, k, passing);
//   if (WayOf(graph, plan) == SearchWay::kWalk) {
//     ASSIGN_OR_RETURN(const bool is_enough,
//                      WalkForHits(ctx, graph, query, plan, excluded, scratch,
//                                  hits));
//   }
//
// Threads: any, each with its own scratch.
// Errors:  those of the context.
#pragma once

#include <cstddef>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/hnsw/exact_rank.h"
#include "index/vector/hnsw/graph.h"
#include "index/vector/hnsw/list_scan.h"
#include "index/vector/hnsw/scratch.h"
#include "types/bitset.h"

namespace elanus::index {

// The same for all queries of a request.
struct GraphPlan {
  std::size_t k = 0;
  std::size_t passing = 0;
  std::size_t ef = 0;  // of a walk over all rows
  double scan_cost = 0;
  double unfiltered_cost = 0;  // of a walk of all rows, would they pass
  ListPlan lists;              // no probes: there are no lists
  RankPlan rank;
};

// For `k` hits out of `passing` rows, where a walk without a filter would keep
// `ef` rows.
GraphPlan PlanSearch(const HnswGraph& graph, std::size_t ef, std::size_t k,
                     std::size_t passing);

enum class SearchWay {
  kWalk,
  kLists,  // ListScan
  kScan,   // of all rows that pass: exact
};
SearchWay WayOf(const HnswGraph& graph, const GraphPlan& plan);

// The nearest rows of a query that is bound (BindQueries), nearest first; walks
// get wider until there are min(k, passing). False: there are fewer, and a scan
// is cheaper than the next walk.
absl::StatusOr<bool> WalkForHits(const base::OpContext& ctx,
                                 const HnswGraph& graph, const float* query,
                                 const GraphPlan& plan,
                                 types::BitsetView excluded,
                                 WalkScratch& scratch,
                                 std::vector<Neighbor>& hits);

}  // namespace elanus::index

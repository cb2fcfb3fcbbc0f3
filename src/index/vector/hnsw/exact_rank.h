// Ranks what a walk by codes has found by the finest values that there are.
//
//   RankExactly(graph, probe, {.k = 10, .exact = ExactCount(10)}, scratch,
//               hits);
//
// Rows that their codes prove to be none of the nearest k, or beyond the limit
// (code_bound.h), are dropped without being looked at: of usual data every
// second one. So behind the k nearest there are hits missing.
//
// Threads: any, each with its own scratch.
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "index/vector/hnsw/graph.h"
#include "index/vector/hnsw/scratch.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

// How many of the nearest by their codes are compared by finer values, so that
// the `k` nearest are among them.
constexpr std::size_t ExactCount(std::size_t k) { return 2 * k + 16; }

struct RankPlan {
  static constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

  std::size_t k = kAll;  // how many have to be right
  std::size_t exact = kAll;
  float limit = kNoDistance;  // hits that are farther need not be there
};

// Replaces the distances of the first `exact` hits, sorted by their codes, by
// the finest there are, drops the others and sorts. Does nothing where a graph
// has nothing finer than what a walk goes by. `probe` is the walk's.
void RankExactly(const HnswGraph& graph, const Probe& probe,
                 const RankPlan& plan, WalkScratch& scratch,
                 std::vector<Neighbor>& hits);

}  // namespace elanus::index

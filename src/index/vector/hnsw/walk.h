// Walks through the graph: greedy descent and beam search.
//
// Threads: any number of walks at once, each with its own scratch; also while
//          a build adds links.
// Source:  arXiv:1603.09320, algorithms 2 and 5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/hnsw/exact_rank.h"
#include "index/vector/hnsw/graph.h"
#include "index/vector/hnsw/scratch.h"
#include "index/vector/topk.h"
#include "types/bitset.h"

namespace elanus::index {

// The row reached by always going to the nearest neighbour, from the entry
// point down to level `to_level`; the graph must not be empty.
Neighbor Descend(const HnswGraph& graph, const Probe& probe,
                 std::uint32_t to_level, WalkScratch& scratch);

// Where a walk knows that rows beyond `limit` are not wanted, because others
// are nearer that lie elsewhere. Of `wanted` rows that are, the graph has some:
// for as many of them it goes through as many of its candidates, and a few. So
// it finds what a walk over these rows and those elsewhere would.
struct WalkLimit {
  float limit = kNoDistance;
  double wanted = 1;
};

// Fills scratch.pool with the `ef` nearest rows found at `level`; with a limit
// those behind it may be any.
absl::Status BeamSearch(const base::OpContext& ctx, const HnswGraph& graph,
                        const Probe& probe, Neighbor start, std::uint32_t level,
                        std::size_t ef, WalkScratch& scratch,
                        const WalkLimit& limit = {});

// Offers all rows that are in, by their codes.
void ScanCodes(const HnswGraph& graph, const Probe& probe,
               types::BitsetView excluded, WalkScratch& scratch, TopK& best);

struct WalkPlan {
  std::size_t ef = 0;
  RankPlan rank;
  double share = 1;  // of the rows that pass
  // Rows that are walked through, but not found.
  types::BitsetView excluded = {};
};

// The rows found with `ef` candidates, nearest first, rows equal to them
// included. Returns how many were met that pass, those that ranking dropped
// among them.
absl::StatusOr<std::size_t> WalkGraph(const base::OpContext& ctx,
                                      const HnswGraph& graph,
                                      const float* query, const WalkPlan& plan,
                                      WalkScratch& scratch,
                                      std::vector<Neighbor>& hits);

}  // namespace elanus::index

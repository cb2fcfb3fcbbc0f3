// The nearest rows of those that pass a filter, exactly: the codes prove nearly
// all of them too far, and only the others are computed from their vectors. A
// quarter of the bytes of a plain scan, for as good an answer.
//
//   TopK best(10);
//   RETURN_IF_ERROR(
//       ExactScan(ctx, graph, query, excluded, scratch, best));
// code_bound.h has the proof.
//
// Threads: any number at once, each with its own scratch.
// Errors:  those of `ctx`.
// Source:  the idea of a filter by approximations with bounds: R. Weber, H.-J.
//          Schek, S. Blott, "A Quantitative Analysis and Performance Study for
//          Similarity-Search Methods in High-Dimensional Spaces", VLDB 1998.
#pragma once

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/hnsw/graph.h"
#include "index/vector/hnsw/scratch.h"
#include "index/vector/topk.h"
#include "types/bitset.h"

namespace elanus::index {

// `graph` must have errors of codes; `query` is bound (BindQueries).
absl::Status ExactScan(const base::OpContext& ctx, const HnswGraph& graph,
                       const float* query, types::BitsetView excluded,
                       WalkScratch& scratch, TopK& best);

}  // namespace elanus::index

// The nearest rows of those that pass a filter, exactly: the codes prove nearly
// all of them too far, and only the others are computed from their vectors. A
// quarter of the bytes of a plain scan, for as good an answer.
//
//   TopK best(10);
//   RETURN_IF_ERROR(ExactScan(
//       ctx, graph, query, {.excluded = excluded, .count = 500}, scratch,
//       best));
// code_bound.h has the proof.
//
// Where the graph has sketches and there are so many rows that it is quicker,
// these leave the few that are worth a look at their codes. One row in 30,000
// is told wrong by its sketch (sketch_codec.h), rows equal to it together.
//
// Threads: any number at once, each with its own scratch.
// Errors:  those of `ctx`.
// Source:  the idea of a filter by approximations with bounds: R. Weber, H.-J.
//          Schek, S. Blott, "A Quantitative Analysis and Performance Study for
//          Similarity-Search Methods in High-Dimensional Spaces", VLDB 1998.
#pragma once

#include <cstddef>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/hnsw/graph.h"
#include "index/vector/hnsw/scratch.h"
#include "index/vector/topk.h"
#include "types/bitset.h"

namespace elanus::index {

// What a scan of so many rows for the nearest k costs, in nanoseconds of some
// machine, by the quicker of the two ways.
double ScanCost(const HnswGraph& graph, std::size_t rows, std::size_t k);
// What looking at so many sketches costs, of which the graph must have some.
double SketchedRowsCost(const HnswGraph& graph, std::size_t rows);
// What one costs that compares them all by their vectors.
double PlainScanCost(const HnswGraph& graph, std::size_t rows);

struct PassingRows {
  types::BitsetView excluded;
  std::size_t count = 0;  // of the others
  // Where not even one row in 30,000 may be missed.
  bool by_codes_alone = false;
};

// `graph` must have errors of codes; `query` is bound (BindQueries).
absl::Status ExactScan(const base::OpContext& ctx, const HnswGraph& graph,
                       const float* query, const PassingRows& passing,
                       WalkScratch& scratch, TopK& best);

}  // namespace elanus::index

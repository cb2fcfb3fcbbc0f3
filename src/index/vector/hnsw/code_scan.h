// Looks for the nearest of rows that are given one by one: their codes prove
// nearly all of them too far (code_bound.h), and only the others are computed
// from their vectors.
//
//   TopK best(10);
//   CodeScan scan(graph, query, scratch, best);
//   for (row : rows) scan.Add(row);
//   scan.LookAtCodes();
//
// Threads:   none.
// Ownership: borrows all it is given.
#pragma once

#include <cstddef>
#include <cstdint>

#include "index/vector/hnsw/code_bound.h"
#include "index/vector/hnsw/graph.h"
#include "index/vector/hnsw/scratch.h"
#include "index/vector/hnsw/sketch_sieve.h"
#include "index/vector/kernel_rows.h"
#include "index/vector/topk.h"

namespace elanus::index {

class CodeScan {
 public:
  // `graph` must have errors of codes; `query` is bound (BindQueries). `best`
  // gets the rows.
  CodeScan(const HnswGraph& graph, const float* query, WalkScratch& scratch,
           TopK& best);

  // Of the rows in a sieve those that are looked at first, for `k` hits: they
  // give the others a bound.
  static constexpr std::size_t BoundingRows(std::size_t k) { return k + 6; }

  // The query as it is compared with codes.
  const Probe& probe() const { return probe_; }

  void Add(std::uint32_t row) {
    Prefetch(graph_.codes.data + row * graph_.codes.stride, graph_.dim);
    scratch_.batch.push_back(row);
    if (scratch_.batch.size() >= batch_) LookAtFullBatch();
  }
  // Looks at what a sieve holds, and empties it.
  void LookAt(SketchSieve& sieve);
  // Looks at the rows that were added and have not been looked at.
  void LookAtCodes();

 private:
  void LookAtFullBatch();
  // Offers what is left of the batch at its true distances.
  void Compute();

  const HnswGraph& graph_;
  const float* const query_;
  WalkScratch& scratch_;
  TopK& best_;
  const Probe probe_;
  CodeBound bound_;
  std::size_t batch_;
};

}  // namespace elanus::index

// Builds an HNSW graph.
//
// Row levels are drawn beforehand from the seed, so that the size of the file
// is known and the graph grows in its final place. The row with the highest
// level goes in first: the entry point never changes. A few hundred rows go in
// last: as queries that the graph has not seen they measure how much it finds
// (calibrate.h).
//
// Threads: single-threaded builds of equal inputs give equal bytes. With
//          several threads rows go in at the same time; links are read without
//          a lock and written under the lock of their row.
// Source:  arXiv:1603.09320, algorithms 1, 3 and 4.
#pragma once

#include "base/buffer.h"
#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/registry.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

// The bytes of the index file.
// `is_final`: false for a graph whose rows are coded anew (product_build.h): it
// has nothing for scans.
absl::StatusOr<base::Buffer> BuildHnsw(const base::OpContext& ctx,
                                       const IndexSpec& spec,
                                       const VectorDataset& dataset,
                                       const BuildOptions& options,
                                       bool is_final = true);

}  // namespace elanus::index

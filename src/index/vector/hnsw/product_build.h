// Builds the file of HNSW_PQ and HNSW_PRQ: the graph as HNSW builds it, on the
// vectors themselves, with codes and finer values in place of the vectors.
//
// While it is made, the file of the plain graph is held as well.
//
// Threads: as BuildHnsw.
// Errors:  of the context.
#pragma once

#include <cstddef>

#include "base/buffer.h"
#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/registry.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

// How many rows the codes are trained on.
std::size_t ProductSampleRows(std::size_t rows);

absl::StatusOr<base::Buffer> BuildHnswProduct(const base::OpContext& ctx,
                                              const IndexSpec& spec,
                                              const VectorDataset& dataset,
                                              const BuildOptions& options);

}  // namespace elanus::index

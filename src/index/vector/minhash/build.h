// Builds the file of MINHASH_LSH: hashes each row's bands and sorts the rows of
// each band by slot and tag.
//
// Threads: works on the executor's threads, band by band; the bytes are the
//          same however many there are.
// Errors:  of the context.
#pragma once

#include <cstddef>

#include "base/buffer.h"
#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/registry.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

absl::StatusOr<base::Buffer> BuildMinHash(const base::OpContext& ctx,
                                          const IndexSpec& spec,
                                          const VectorDataset& dataset,
                                          const BuildOptions& options);

// What the build needs at its peak, besides the dataset.
std::size_t MinHashBuildBytes(const IndexSpec& spec, std::size_t rows,
                              const BuildOptions& options);

}  // namespace elanus::index

// Builds the file of a DISKANN index: the graph (vamana.h) over the distinct
// rows, short codes of them (disk_codes.h), and both in blocks.
//
// Memory, in bytes a row of d dimensions, besides the rows: first 5 d for the
// rows and their bytes plus 5.2 times the degree for the links; then the links
// and the file, of about 4 d + 4 times the degree plus a twelfth of 4 d.
//
// Threads: as BuildVamana.
#pragma once

#include <cstddef>

#include "base/buffer.h"
#include "base/op_context.h"
#include "base/status.h"
#include "index/quantization/product_quantizer.h"
#include "index/vector/registry.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

// Codewords are made from so many rows at most.
inline constexpr std::size_t kDiskSampleRows = 64 * 256;

// The parts of a code within its budget.
ProductShape DiskCodeShape(const IndexSpec& spec);

// The bytes of the index file.
absl::StatusOr<base::Buffer> BuildDiskAnn(const base::OpContext& ctx,
                                          const IndexSpec& spec,
                                          const VectorDataset& dataset,
                                          const BuildOptions& options);

}  // namespace elanus::index

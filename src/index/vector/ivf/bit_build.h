// Builds the file of BIN_IVF_FLAT: clusters a sample of the rows, puts each row
// to the list of its nearest centroid, and copies list after list.
//
// Threads: may use the executor in the options; the file is the same with any
//          number of threads.
// Errors:  kParameterInvalid for a metric without lists; kCancelled and
//          kDeadlineExceeded from the context.
#pragma once

#include "base/buffer.h"
#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/registry.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

// `dataset`: rows of bits.
absl::StatusOr<base::Buffer> BuildBitIvf(const base::OpContext& ctx,
                                         const IndexSpec& spec,
                                         const VectorDataset& dataset,
                                         const BuildOptions& options);

}  // namespace elanus::index

// Builds the file of an IVF index: clusters a sample of the rows, puts each
// row to the list of its nearest centroid, and encodes list by list.
//
// A SCANN file in the making then measures its own recall (effort_meter.h).
//
// With fewer than 39 rows a list there are fewer lists than asked for, as in
// Milvus.
//
// Threads: may use the executor in the options; the file is the same with any
//          number of threads.
// Errors:  kCancelled and kDeadlineExceeded from the context.
#pragma once

#include <cstddef>

#include "base/buffer.h"
#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/registry.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

// How many lists and how many rows to train on a build of so many rows has.
std::size_t IvfListCount(const IndexSpec& spec, std::size_t rows);
std::size_t IvfSampleRows(const IndexSpec& spec, std::size_t rows);

absl::StatusOr<base::Buffer> BuildIvf(const base::OpContext& ctx,
                                      const IndexSpec& spec,
                                      const VectorDataset& dataset,
                                      const BuildOptions& options);

}  // namespace elanus::index

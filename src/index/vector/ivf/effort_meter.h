// Measures how much of the truth a SCANN index finds, for every number of lists
// and of rows ranked again at once: of each true neighbour it is enough to know
// in which list it lies, and how many rows of the lists before and up to it
// look nearer by their codes.
//
// Threads: the executor's threads work along; the result does not depend on
//          them.
// Errors:  kCancelled and kDeadlineExceeded from the context.
#pragma once

#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/index_file.h"
#include "index/vector/ivf/effort_curve.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

// The points of the curve, the cheapest ones for their recall; none for fewer
// than kMinMeasuredRows rows. `file` has all but them.
absl::StatusOr<std::vector<EffortPoint>> MeasureEfforts(
    const base::OpContext& ctx, const IndexFileReader& file,
    const VectorDataset& dataset, const BuildOptions& options);

}  // namespace elanus::index

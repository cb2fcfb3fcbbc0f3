// Rows with equal vectors. Only the first of them stands in the graph, the
// others hang behind it in a chain: many equal rows would fill every beam and
// link only to each other, and the rest of the graph could not be reached.
//
// Threads: pure.
#pragma once

#include <cstdint>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

// For each row the next one with an equal vector, or kNoRow; rows rise along a
// chain. Empty if no two rows are equal. Errors: of the context.
absl::StatusOr<std::vector<std::uint32_t>> ChainDuplicates(
    const base::OpContext& ctx, const VectorDataset& dataset);

}  // namespace elanus::index

// Makes every node of a graph one that a walk from the entry point can come to.
// Choosing links looks at the node that has them, not at those that lose them:
// a row far from all others, or a short one under IP, may end up with none.
//
// Such a node is linked to by one near it, which gives up its farthest link for
// it if it has no room: one that nothing is reached by.
//
// Threads: pure.
// Errors:  of the context.
#pragma once

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/diskann/vamana.h"

namespace elanus::index {

// At least one node; `degree` at least 1.
absl::Status ReachAll(const base::OpContext& ctx, VamanaGraph& graph);

}  // namespace elanus::index

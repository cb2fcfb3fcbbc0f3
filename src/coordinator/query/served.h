// What the query nodes say that they serve of a collection.
#pragma once

#include <memory>

#include "coordinator/query/query_core.h"
#include "proto/internal/query_coord.pb.h"

namespace elanus::coordinator {

// All segments, each once, with the nodes that have it; nothing if it is not
// loaded. An error of one node is the answer's.
void CollectSegments(const QueryCore& core, base::CollectionId id,
                     internal::GetQuerySegmentInfoReply* reply,
                     base::Done done);

}  // namespace elanus::coordinator

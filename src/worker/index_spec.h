// What an index's record asks for: index node and query node read it alike.
//
// Threads: pure.
// Errors:  kFieldNotFound; those of index::ParseIndexSpec.
#pragma once

#include "base/status.h"
#include "index/vector/registry.h"
#include "proto/internal/meta.pb.h"
#include "types/schema.h"

namespace elanus::worker {

absl::StatusOr<index::IndexSpec> SpecOfIndex(const internal::IndexMeta& index,
                                             const types::Schema& schema);

}  // namespace elanus::worker

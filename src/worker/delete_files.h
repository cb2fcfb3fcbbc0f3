// Tells a newly opened segment the tombstones that lie in delete files.
//
// Threads: one thread a segment, before it is published.
// Errors:  those of the object store, DATA_LOSS.
#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include "base/hybrid_time.h"
#include "base/status.h"
#include "proto/internal/meta.pb.h"
#include "segment/sealed/sealed_segment.h"
#include "storage/object_store.h"

namespace elanus::worker {

// Tombstones later than the segment's deletes_to, up to `upto`. Files that
// cannot concern the segment are not opened.
absl::Status ApplyDeleteFiles(
    storage::ObjectStore& objects,
    const google::protobuf::RepeatedPtrField<internal::DeleteFileMeta>& files,
    base::Timestamp upto, segment::SealedSegment& segment);

}  // namespace elanus::worker

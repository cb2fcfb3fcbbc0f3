// Reads delete files, and tells a newly opened segment their tombstones.
//
// Threads: one thread a segment, before it is published.
// Errors:  those of the object store, DATA_LOSS.
#pragma once

#include <string>

#include <google/protobuf/repeated_ptr_field.h>

#include "base/hybrid_time.h"
#include "base/status.h"
#include "proto/internal/meta.pb.h"
#include "segment/file/delete_file.h"
#include "segment/sealed/sealed_segment.h"
#include "storage/object_store.h"

namespace elanus::worker {

absl::StatusOr<segment::DeleteFile> OpenDeleteFile(
    storage::ObjectStore& objects, const std::string& name);

// Tombstones later than the segment's deletes_to, up to `upto`. Files that
// cannot concern the segment are not opened.
absl::Status ApplyDeleteFiles(
    storage::ObjectStore& objects,
    const google::protobuf::RepeatedPtrField<internal::DeleteFileMeta>& files,
    base::Timestamp upto, segment::SealedSegment& segment);

}  // namespace elanus::worker

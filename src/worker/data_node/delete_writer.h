// Writes delete files: what a checkpoint leaves behind, and several of them
// merged into one.
//
//   segment::DeleteFileBuilder builder({.vchannel = key, ...});
//   builder.Add(tombstones);
//   ASSIGN_OR_RETURN(internal::DeleteFileMeta meta,
//                    WriteDeletes(objects, builder, attempt));
//
// Threads:   they block on I/O.
// Ownership: everything is borrowed during the call.
// Errors:    those of the object store; DATA_LOSS of a file that is read.
//            What was written lies under the attempt and is garbage.
#pragma once

#include "base/ids.h"
#include "base/status.h"
#include "proto/internal/data_node.pb.h"
#include "proto/internal/meta.pb.h"
#include "segment/file/delete_file.h"
#include "storage/object_store.h"

namespace elanus::worker {

absl::StatusOr<internal::DeleteFileMeta> WriteDeletes(
    storage::ObjectStore& objects, segment::DeleteFileBuilder& builder,
    base::AttemptId attempt);

// The request's files, at least one, in the order of the log, as one.
absl::StatusOr<internal::DeleteFileMeta> MergeDeleteFiles(
    storage::ObjectStore& objects,
    const internal::MergeDeletesRequest& request);

}  // namespace elanus::worker

// Reads delete files, and tells newly opened segments their tombstones.
//
//   DeleteFiles files(objects, channel.delete_files());
//   for (segment) RETURN_IF_ERROR(files.Apply(upto, *segment));
//
// Threads:   one thread, before the segments are published.
// Ownership: the store and the records of the files are borrowed; the files
//            stay open as long as the object lives.
// Errors:    those of the object store, DATA_LOSS.
#pragma once

#include <optional>
#include <string>
#include <vector>

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

// The delete files of a vchannel. Each is opened, which checks all of it, when
// the first segment needs it.
class DeleteFiles {
 public:
  using Records = google::protobuf::RepeatedPtrField<internal::DeleteFileMeta>;

  DeleteFiles(storage::ObjectStore& objects, const Records& records);

  // Tombstones later than the segment's deletes_to, up to `upto`.
  absl::Status Apply(base::Timestamp upto, segment::SealedSegment& segment);

 private:
  absl::StatusOr<const segment::DeleteFile*> Open(int number);

  storage::ObjectStore& objects_;
  const Records& records_;
  std::vector<std::optional<segment::DeleteFile>> open_;
};

}  // namespace elanus::worker

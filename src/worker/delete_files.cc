#include "worker/delete_files.h"

#include <algorithm>

#include "segment/key.h"

namespace elanus::worker {
namespace {

// Keys of both are sorted: only the stretch that the segment can have is
// looked at.
absl::Status ApplyFile(const segment::DeleteFile& file, base::Timestamp upto,
                       segment::SealedSegment& segment) {
  for (std::size_t i = 0; i < file.count(); ++i) {
    const segment::Tombstone tombstone = file.tombstone(i);
    if (tombstone.at <= segment.deletes_to() || tombstone.at > upto ||
        tombstone.upto < segment.min_at()) {
      continue;
    }
    if (tombstone.partition != base::kAllPartitions &&
        tombstone.partition != segment.partition()) {
      continue;
    }
    const segment::KeyView key = segment::KeyAt(file.keys(), i);
    if (!segment.MayContain(key)) continue;
    RETURN_IF_ERROR(segment.Delete(key, tombstone.upto, tombstone.at));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<segment::DeleteFile> OpenDeleteFile(
    storage::ObjectStore& objects, const std::string& name) {
  absl::StatusOr<base::Buffer> bytes = objects.Map(name);
  if (base::CodeOf(bytes.status()) == base::ErrorCode::kUnimplemented) {
    bytes = objects.Get(name);
  }
  if (!bytes.ok()) return bytes.status();
  return segment::DeleteFile::Open(*std::move(bytes), name);
}

absl::Status ApplyDeleteFiles(
    storage::ObjectStore& objects,
    const google::protobuf::RepeatedPtrField<internal::DeleteFileMeta>& files,
    base::Timestamp upto, segment::SealedSegment& segment) {
  for (const internal::DeleteFileMeta& meta : files) {
    if (meta.max_at() <= segment.deletes_to().value ||
        meta.max_upto() < segment.min_at().value ||
        meta.min_at() > upto.value) {
      continue;
    }
    ASSIGN_OR_RETURN(const segment::DeleteFile file,
                     OpenDeleteFile(objects, meta.object().name()));
    RETURN_IF_ERROR(ApplyFile(file, upto, segment));
  }
  return absl::OkStatus();
}

}  // namespace elanus::worker

#include "worker/delete_files.h"

#include <utility>

#include "segment/key.h"

namespace elanus::worker {
namespace {

// The first of the rising keys for which `is_past` holds, and so for all
// behind it.
template <typename IsPast>
std::size_t FirstPast(const types::ColumnView& keys, IsPast is_past) {
  std::size_t begin = 0;
  std::size_t end = keys.rows;
  while (begin < end) {
    const std::size_t middle = begin + (end - begin) / 2;
    if (is_past(segment::KeyAt(keys, middle))) {
      end = middle;
    } else {
      begin = middle + 1;
    }
  }
  return begin;
}

// The tombstones [begin, end) of keys that the segment can have.
segment::DeleteFile::Span StretchOf(const segment::DeleteFile& file,
                                    const segment::KeyRange& range) {
  const segment::KeyView min = segment::ViewOf(range.min);
  const segment::KeyView max = segment::ViewOf(range.max);
  const auto not_below = [&min](const segment::KeyView& key) {
    return !(key < min);
  };
  const auto above = [&max](const segment::KeyView& key) { return max < key; };
  return {.begin = FirstPast(file.keys(), not_below),
          .end = FirstPast(file.keys(), above)};
}

absl::Status ApplyFile(const segment::DeleteFile& file, base::Timestamp upto,
                       segment::SealedSegment& segment) {
  const std::optional<segment::KeyRange> keys = segment.key_range();
  if (!keys.has_value()) return absl::OkStatus();  // no rows
  const segment::DeleteFile::Span stretch = StretchOf(file, *keys);
  for (std::size_t i = stretch.begin; i < stretch.end; ++i) {
    const segment::Tombstone tombstone = file.tombstone(i);
    if (tombstone.at <= segment.deletes_to() || tombstone.at > upto ||
        tombstone.upto < segment.min_at()) {
      continue;
    }
    if (tombstone.partition != base::kAllPartitions &&
        tombstone.partition != segment.partition()) {
      continue;
    }
    RETURN_IF_ERROR(segment.Delete(segment::KeyAt(file.keys(), i),
                                   tombstone.upto, tombstone.at));
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

DeleteFiles::DeleteFiles(storage::ObjectStore& objects, const Records& records)
    : objects_(objects),
      records_(records),
      open_(static_cast<std::size_t>(records.size())) {}

absl::StatusOr<const segment::DeleteFile*> DeleteFiles::Open(int number) {
  auto& file = open_[static_cast<std::size_t>(number)];
  if (!file.has_value()) {
    ASSIGN_OR_RETURN(
        file, OpenDeleteFile(objects_, records_[number].object().name()));
  }
  return &*file;
}

absl::Status DeleteFiles::Apply(base::Timestamp upto,
                                segment::SealedSegment& segment) {
  for (int i = 0; i < records_.size(); ++i) {
    const internal::DeleteFileMeta& record = records_[i];
    if (record.max_at() <= segment.deletes_to().value ||
        record.max_upto() < segment.min_at().value ||
        record.min_at() > upto.value) {
      continue;
    }
    ASSIGN_OR_RETURN(const segment::DeleteFile* const file, Open(i));
    RETURN_IF_ERROR(ApplyFile(*file, upto, segment));
  }
  return absl::OkStatus();
}

}  // namespace elanus::worker

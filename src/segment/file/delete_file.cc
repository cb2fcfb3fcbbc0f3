#include "segment/file/delete_file.h"

#include <algorithm>
#include <utility>

#include "segment/file/delete_format.h"
#include "segment/framed_bytes.h"
#include "segment/record/record_format.h"

namespace elanus::segment {
namespace {

namespace format = delete_format;

// Takes the sections of a file one after the other, each at a multiple of 64.
class SectionReader {
 public:
  SectionReader(const BlockFile& file, std::uint64_t offset)
      : file_(file), offset_(offset) {}

  template <typename T>
  absl::Status Take(std::uint64_t count, std::span<const T>& section) {
    if (count > file_.data_size() / sizeof(T)) {
      return base::DataLoss("{}: {} items do not fit", file_.name(), count);
    }
    ASSIGN_OR_RETURN(const auto raw, file_.Range(offset_, count * sizeof(T)));
    section = {reinterpret_cast<const T*>(raw.data()), raw.size() / sizeof(T)};
    offset_ = record_format::AlignUp(offset_ + raw.size());
    return absl::OkStatus();
  }
  std::uint64_t offset() const { return offset_; }

 private:
  const BlockFile& file_;
  std::uint64_t offset_;
};

template <typename Key>
DeleteFile::Span EqualRange(std::size_t count, const Key& key, auto key_at) {
  const auto first_not_below = [&](std::size_t begin, auto below) {
    std::size_t end = count;
    while (begin < end) {
      const std::size_t middle = begin + (end - begin) / 2;
      if (below(key_at(middle))) {
        begin = middle + 1;
      } else {
        end = middle;
      }
    }
    return begin;
  };
  DeleteFile::Span span;
  span.begin = first_not_below(0, [&](const Key& k) { return k < key; });
  span.end =
      first_not_below(span.begin, [&](const Key& k) { return k <= key; });
  return span;
}

}  // namespace

absl::StatusOr<DeleteFile> DeleteFile::Open(base::Buffer buffer,
                                            std::string_view name) {
  DeleteFile file;
  ASSIGN_OR_RETURN(file.file_, BlockFile::Open(std::move(buffer), name,
                                               CheckBlocks::kAtOpen));
  RETURN_IF_ERROR(file.ReadHeader());
  RETURN_IF_ERROR(file.CheckContents());
  return file;
}

absl::Status DeleteFile::ReadHeader() {
  const std::string& name = file_->name();
  ASSIGN_OR_RETURN(const auto raw, file_->Range(0, format::kHeaderSize));
  base::ByteReader in(raw, name);
  ASSIGN_OR_RETURN(const auto magic, in.Raw(format::kMagic.size()));
  if (!std::ranges::equal(magic,
                          std::as_bytes(std::span(format::kMagic.data(), 4)))) {
    return base::DataLoss("{}: does not start with {}", name, format::kMagic);
  }
  ASSIGN_OR_RETURN(const auto version, in.Fixed<std::uint16_t>());
  ASSIGN_OR_RETURN(const auto reserved, in.Fixed<std::uint16_t>());
  ASSIGN_OR_RETURN(const auto key_type, in.Fixed<std::int32_t>());
  spec_.key_type = static_cast<types::DataType>(key_type);
  if (version != format::kVersion || reserved != 0 ||
      (spec_.key_type != types::DataType::kInt64 &&
       spec_.key_type != types::DataType::kVarChar)) {
    return base::DataLoss("{}: format version {}, keys of type {}", name,
                          version, key_type);
  }
  ASSIGN_OR_RETURN(spec_.vchannel.shard, in.Fixed<std::uint32_t>());
  ASSIGN_OR_RETURN(const auto collection, in.Fixed<std::int64_t>());
  spec_.vchannel.collection = base::CollectionId{collection};
  ASSIGN_OR_RETURN(const auto count, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(const auto key_bytes, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(const auto filter_blocks, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(min_at_.value, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(max_at_.value, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(max_upto_.value, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(spec_.from, ReadPosition(in));
  ASSIGN_OR_RETURN(spec_.to, ReadPosition(in));
  return PlaceSections(count, key_bytes, filter_blocks);
}

absl::Status DeleteFile::PlaceSections(std::uint64_t count,
                                       std::uint64_t key_bytes,
                                       std::uint64_t filter_blocks) {
  SectionReader in(*file_, format::kHeaderSize);
  RETURN_IF_ERROR(in.Take(count, uptos_));
  RETURN_IF_ERROR(in.Take(count, ats_));
  RETURN_IF_ERROR(in.Take(count, partitions_));
  keys_.type = spec_.key_type;
  keys_.rows = static_cast<std::size_t>(count);
  if (spec_.key_type == types::DataType::kVarChar) {
    RETURN_IF_ERROR(in.Take(count + 1, keys_.offsets));
    RETURN_IF_ERROR(in.Take(key_bytes, keys_.values));
  } else {
    std::span<const std::int64_t> numbers;
    RETURN_IF_ERROR(in.Take(count, numbers));
    keys_.values = std::as_bytes(numbers);
    if (key_bytes != 0) return base::DataLoss("{}: texts", file_->name());
  }
  RETURN_IF_ERROR(in.Take(filter_blocks, filter_));
  if (in.offset() != file_->data_size()) {
    return base::DataLoss("{}: {} tombstones end at byte {}, the data at {}",
                          file_->name(), count, in.offset(),
                          file_->data_size());
  }
  return absl::OkStatus();
}

absl::Status DeleteFile::CheckContents() const {
  const bool texts = spec_.key_type == types::DataType::kVarChar;
  if (texts &&
      !record_format::CheckOffsets(keys_.offsets, keys_.values.size()).ok()) {
    return base::DataLoss("{}: wrong offsets of keys", file_->name());
  }
  const auto numbers = keys_.As<std::int64_t>();
  for (std::size_t i = 0; i < count(); ++i) {
    const Tombstone here = tombstone(i);
    if (here.at < min_at_ || here.at > max_at_ || here.upto > max_upto_) {
      return base::DataLoss("{}: tombstone {} lies outside the stated times",
                            file_->name(), i);
    }
    if (i == 0) continue;
    const bool falls =
        texts ? keys_.Text(i) < keys_.Text(i - 1) : numbers[i] < numbers[i - 1];
    const bool same = texts ? keys_.Text(i) == keys_.Text(i - 1)
                            : numbers[i] == numbers[i - 1];
    if (falls || (same && here.at < tombstone(i - 1).at)) {
      return base::DataLoss("{}: tombstone {} is out of order", file_->name(),
                            i);
    }
  }
  return absl::OkStatus();
}

types::PrimaryKey DeleteFile::key(std::size_t i) const {
  if (keys_.type == types::DataType::kVarChar) {
    return std::string(keys_.Text(i));
  }
  return keys_.As<std::int64_t>()[i];
}

DeleteFile::Span DeleteFile::Find(std::int64_t key) const {
  if (keys_.type != types::DataType::kInt64 || !MayContain(key)) return {};
  const auto numbers = keys_.As<std::int64_t>();
  return EqualRange(count(), key, [&](std::size_t i) { return numbers[i]; });
}

DeleteFile::Span DeleteFile::Find(std::string_view key) const {
  if (keys_.type != types::DataType::kVarChar || !MayContain(key)) return {};
  return EqualRange(count(), key, [&](std::size_t i) { return keys_.Text(i); });
}

}  // namespace elanus::segment

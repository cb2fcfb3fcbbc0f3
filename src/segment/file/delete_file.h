// The tombstones of a range of one vchannel's log, sorted by key, then by
// time, with a filter of the keys. docs/formats/delete_file.md has the bytes.
//
//   DeleteFileBuilder builder({.vchannel = v, .key_type = kInt64,
//                              .from = a, .to = b});
//   builder.Add(tombstones);                       // of a ReplayStep
//   ASSIGN_OR_RETURN(const WrittenFile written, builder.Write(upload));
//
//   ASSIGN_OR_RETURN(const DeleteFile file, DeleteFile::Open(buffer, name));
//   const DeleteFile::Span found = file.Find(key);
//   for (size_t i = found.begin; i < found.end; ++i) file.tombstone(i) ...
//
// Threads:   a builder: one thread. DeleteFile: immutable.
// Ownership: a DeleteFile keeps its buffer; its views live as long as one of
//            its copies.
// Errors:    DATA_LOSS naming file and place; everything is checked at Open.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/byte_io.h"
#include "base/hybrid_time.h"
#include "base/ids.h"
#include "base/status.h"
#include "segment/file/block_file.h"
#include "segment/file/key_filter.h"
#include "segment/record/vchannel.h"
#include "segment/replay/replay_step.h"
#include "storage/log_broker.h"
#include "types/column.h"
#include "types/value.h"

namespace elanus::segment {

struct DeleteFileSpec {
  VchannelKey vchannel;
  types::DataType key_type = types::DataType::kInt64;  // or VarChar
  // The log range [from, to) that the tombstones come from.
  storage::Position from;
  storage::Position to;
};

struct Tombstone {
  base::Timestamp upto;
  base::Timestamp at;
  base::PartitionId partition{0};  // kAllPartitions = everywhere

  friend bool operator==(const Tombstone&, const Tombstone&) = default;
};

// Over all tombstones of a file; 0 in an empty one.
struct DeleteExtent {
  base::Timestamp min_at;
  base::Timestamp max_at;
  base::Timestamp max_upto;
};

class DeleteFile;

class DeleteFileBuilder {
 public:
  explicit DeleteFileBuilder(DeleteFileSpec spec) : spec_(std::move(spec)) {}

  // Copies the keys. They must be of the spec's type.
  void Add(const TombstoneRun& run);
  // All of another file.
  void Add(const DeleteFile& file);
  const DeleteFileSpec& spec() const { return spec_; }
  std::size_t count() const { return tombstones_.size(); }
  DeleteExtent extent() const;

  // Sorts and writes; does not call `upload`'s Finish. At most 2^31 tombstones
  // with 4 GiB of keys. Once.
  absl::StatusOr<WrittenFile> Write(storage::Upload& upload);

 private:
  void AddKey(const types::ColumnView& keys, std::size_t i);
  std::vector<std::uint32_t> SortedOrder() const;
  std::string_view Text(std::uint32_t i) const;

  DeleteFileSpec spec_;
  std::vector<Tombstone> tombstones_;
  std::vector<std::int64_t> numbers_;     // keys, in the order of Add
  std::vector<std::uint64_t> text_ends_;  // or these
  std::string texts_;
};

class DeleteFile {
 public:
  static absl::StatusOr<DeleteFile> Open(base::Buffer buffer,
                                         std::string_view name);

  const DeleteFileSpec& spec() const { return spec_; }
  std::size_t count() const { return keys_.rows; }
  // Over all tombstones; 0 in an empty file.
  base::Timestamp min_at() const { return min_at_; }
  base::Timestamp max_at() const { return max_at_; }
  base::Timestamp max_upto() const { return max_upto_; }

  // Rising.
  const types::ColumnView& keys() const { return keys_; }
  types::PrimaryKey key(std::size_t i) const;
  Tombstone tombstone(std::size_t i) const {
    return {.upto = {uptos_[i]},
            .at = {ats_[i]},
            .partition = base::PartitionId{partitions_[i]}};
  }

  // [begin, end) of the tombstones of one key.
  struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  Span Find(std::int64_t key) const;
  Span Find(std::string_view key) const;
  bool MayContain(std::int64_t key) const {
    return segment::MayContain(HashOfKey(key), filter_);
  }
  bool MayContain(std::string_view key) const {
    return segment::MayContain(HashOfKey(key), filter_);
  }

 private:
  DeleteFile() = default;

  absl::Status ReadHeader();
  absl::Status ReadPositions(base::ByteReader& in);
  absl::Status PlaceSections(std::uint64_t count, std::uint64_t key_bytes,
                             std::uint64_t filter_blocks);
  absl::Status CheckContents() const;

  std::shared_ptr<const BlockFile> file_;
  DeleteFileSpec spec_;
  base::Timestamp min_at_;
  base::Timestamp max_at_;
  base::Timestamp max_upto_;
  std::span<const std::uint64_t> uptos_;
  std::span<const std::uint64_t> ats_;
  std::span<const std::int64_t> partitions_;
  types::ColumnView keys_;
  std::span<const KeyFilterBlock> filter_;
};

}  // namespace elanus::segment

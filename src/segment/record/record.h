// One atomic step of one vchannel, as it stands in the log and in memory.
// docs/formats/record.md has the bytes.
//
//   ASSIGN_OR_RETURN(const RecordView record, ParseRecord(buffer));
//   if (const types::ColumnView* key = record.Column(field)) ...
//
// Threads:   immutable once parsed.
// Ownership: a RecordView keeps the buffer alive; every view that it gives
//            points into the buffer and lives as long as one of its copies.
// Errors:    DATA_LOSS for bytes that are not exactly one whole record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/hybrid_time.h"
#include "base/ids.h"
#include "base/status.h"
#include "segment/record/vchannel.h"
#include "storage/log_broker.h"
#include "types/column.h"

namespace elanus::segment {

// No broker takes more, and no record is split.
using storage::kMaxRecordBytes;

// Beyond the year 2500. A larger one is damage: the clock would stand there
// for ever, and effective times must fit into signed 64 bits.
inline constexpr base::Timestamp kMaxProposed{std::uint64_t{1} << 62};

enum class RecordType : std::uint8_t {
  kCreateCollection = 1,
  kInsert = 2,
  kDelete = 3,
  kUpsert = 4,
  kCloseSegments = 5,
  kCreatePartition = 6,
  kDropPartition = 7,
  kSchemaChange = 8,
  kImport = 9,
  kTick = 10,
  kDropCollection = 11,
};

struct RecordHeader {
  RecordType type = RecordType::kTick;
  VchannelKey vchannel;
  base::WriterId writer{0};
  std::uint64_t sequence = 0;  // rises per writer and vchannel
  base::Timestamp proposed;    // replay makes the effective time out of it
  std::uint32_t schema_version = 0;  // under which the writer made the record
};

// Consecutive rows of a record that go into one partition. `segment` is the id
// of the segment that the run opens if the partition has none open.
struct PartitionRun {
  base::PartitionId partition{0};
  base::SegmentId segment{0};
  std::uint32_t row_begin = 0;
  std::uint32_t rows = 0;

  friend bool operator==(const PartitionRun&, const PartitionRun&) = default;
};

struct RecordColumn {
  base::FieldId field{0};
  types::ColumnView values;
};

class RecordView {
 public:
  const RecordHeader& header() const { return header_; }
  RecordType type() const { return header_.type; }
  const base::Buffer& buffer() const { return buffer_; }

  // Insert, Upsert: rows. Delete: keys. Otherwise 0.
  std::size_t rows() const { return rows_; }

  // Insert, Upsert: in row order, without gaps, each partition once.
  std::span<const PartitionRun> runs() const { return runs_; }
  std::span<const RecordColumn> columns() const { return columns_; }
  // nullptr where the record does not have the field.
  const types::ColumnView* Column(base::FieldId field) const;

  // Insert, Upsert, Delete: the primary keys, Int64 or VarChar, no nulls.
  const types::ColumnView& keys() const { return keys_; }
  // Insert, Upsert: the field that `keys` is the column of.
  base::FieldId key_field() const { return key_field_; }

  // Delete: rows newer than this stay; 0 = up to the record's effective time.
  base::Timestamp upto() const { return upto_; }
  // Delete (kAllPartitions = everywhere), CreatePartition, DropPartition.
  base::PartitionId partition() const { return partition_; }
  std::string_view partition_name() const { return name_; }
  // CloseSegments; empty = all partitions.
  std::span<const base::PartitionId> partitions() const { return partitions_; }
  // SchemaChange.
  std::uint32_t new_schema_version() const { return new_schema_version_; }
  // Import.
  std::span<const base::SegmentId> segments() const { return segments_; }
  // CreateCollection: the collection; SchemaChange: the schema; Import: what
  // to import. Opaque here.
  std::string_view payload() const { return payload_; }

 private:
  friend class RecordParser;

  base::Buffer buffer_;
  RecordHeader header_;
  std::size_t rows_ = 0;
  std::vector<PartitionRun> runs_;
  std::vector<RecordColumn> columns_;
  types::ColumnView keys_;
  base::FieldId key_field_{0};
  base::Timestamp upto_;
  base::PartitionId partition_{0};
  std::string_view name_;
  std::vector<base::PartitionId> partitions_;
  std::vector<base::SegmentId> segments_;
  std::uint32_t new_schema_version_ = 0;
  std::string_view payload_;
};

// Checks everything before it is used: sizes, checksums, rising offsets, runs
// that cover the rows. Copies nothing, except that a buffer which does not
// start at a multiple of 64 is copied once as a whole.
absl::StatusOr<RecordView> ParseRecord(base::Buffer buffer);

}  // namespace elanus::segment

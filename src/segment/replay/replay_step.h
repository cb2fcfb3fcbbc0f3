// What one log record did to its vchannel: the answer of Replay::Apply, which
// growing segments, data node and query node carry out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/hybrid_time.h"
#include "base/ids.h"
#include "storage/log_broker.h"
#include "types/column.h"

namespace elanus::segment {

// Rows [row_begin, row_begin + rows) of the record became rows
// [first_row, first_row + rows) of the segment.
struct InsertedRun {
  base::SegmentId segment{0};
  base::PartitionId partition{0};
  std::uint64_t first_row = 0;
  std::uint32_t row_begin = 0;
  std::uint32_t rows = 0;
  bool opened = false;  // the run opened the segment

  friend bool operator==(const InsertedRun&, const InsertedRun&) = default;
};

// Each key hides its rows with a time of at most `upto` from reads at `at` or
// later.
struct TombstoneRun {
  // Points into the record. Of Varchar keys the offsets may start above 0.
  types::ColumnView keys;
  base::Timestamp upto;
  base::Timestamp at;
  base::PartitionId partition{0};  // kAllPartitions = everywhere
};

struct ClosedSegment {
  base::SegmentId segment{0};
  base::PartitionId partition{0};
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;

  friend bool operator==(const ClosedSegment&, const ClosedSegment&) = default;
};

enum class ReplayEffect : std::uint8_t {
  kApplied,
  // The writer's sequence was seen before. Nothing changed, the clock neither.
  kDuplicate,
  // The record has its time but no effect: rows for a dropped partition, a
  // second CreateCollection, nothing open to close. Runs of live partitions
  // in a record that also names dropped ones are applied.
  kIgnored,
};

struct ReplayStep {
  ReplayEffect effect = ReplayEffect::kApplied;
  // Effective time of the record and of all rows in it; equals the clock after
  // it. Of a duplicate: the clock.
  base::Timestamp at;
  storage::Position position;  // of the record
  // In the order in which they are to be carried out.
  std::vector<ClosedSegment> closed;
  std::vector<TombstoneRun> tombstones;
  std::vector<InsertedRun> inserted;
  // The kinds without rows; what they carry stands in the record.
  bool collection_created = false;
  bool collection_dropped = false;
  bool schema_changed = false;
  bool imported = false;
  std::optional<base::PartitionId> partition_created;
  std::optional<base::PartitionId> partition_dropped;
};

}  // namespace elanus::segment

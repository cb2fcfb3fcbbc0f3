// What a vchannel holds is a function of its log: this one. Data node and
// query node feed it the same records and so agree on segments, offsets and
// times. Stored with every checkpoint; replay from there gives what replay
// from the beginning gives.
//
//   Replay replay(vchannel);
//   const ReplayStep step = replay.Apply(record, position);
//   for (const InsertedRun& run : step.inserted) ...
//
// Rules:
// - Effective time `at` = max(proposed, clock + 1), and the clock becomes it.
// - A record whose writer was seen with this or a later sequence is dropped.
// - A partition has at most one open segment; the first run without one opens
//   it under the run's id. CloseSegments, DropPartition, SchemaChange and
//   DropCollection close.
// - Tombstones: a Delete hides rows up to its `upto`, at most `at`; an Upsert
//   hides rows up to at - 1 and then inserts.
// - Writes to a dropped partition or collection are ignored, and so is the
//   second record of the same DDL.
//
// Threads: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "base/byte_io.h"
#include "base/hybrid_time.h"
#include "base/ids.h"
#include "base/status.h"
#include "segment/record/record.h"
#include "segment/record/vchannel.h"
#include "segment/replay/replay_step.h"
#include "storage/log_broker.h"

namespace elanus::segment {

struct OpenSegment {
  base::SegmentId segment{0};
  base::PartitionId partition{0};
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;            // of its rows' values, as in the records
  base::Timestamp opened_at;          // effective time of the first row
  storage::Position opened_position;  // of the record with the first row

  friend bool operator==(const OpenSegment&, const OpenSegment&) = default;
};

class Replay {
 public:
  // Writers remembered against duplicates. Of more, the one whose last record
  // is the oldest is forgotten: its duplicates would then be applied again,
  // which needs an append repeated after 4096 other writers have written.
  static constexpr std::size_t kMaxWriters = 4096;

  explicit Replay(VchannelKey vchannel) : vchannel_(vchannel) {}

  // The record must belong to this vchannel. Positions rise from call to call.
  ReplayStep Apply(const RecordView& record, const storage::Position& position);

  const VchannelKey& vchannel() const { return vchannel_; }
  base::Timestamp clock() const { return clock_; }
  std::uint32_t schema_version() const { return schema_version_; }
  bool collection_dropped() const { return collection_dropped_; }
  bool IsDropped(base::PartitionId partition) const {
    return collection_dropped_ || dropped_partitions_.contains(partition);
  }
  // By partition.
  const absl::btree_map<base::PartitionId, OpenSegment>& open_segments() const {
    return open_;
  }

  // The whole state; equal states give equal bytes. At most 512 KiB with 1024
  // open segments and 4096 writers.
  std::string Serialize() const;
  // Errors: DATA_LOSS naming `name`.
  static absl::StatusOr<Replay> Deserialize(std::string_view bytes,
                                            std::string_view name);

 private:
  struct LastWrite {
    std::uint64_t sequence = 0;
    base::Timestamp at;
  };

  bool IsDuplicate(const RecordHeader& header) const;
  void NoteWriter(const RecordHeader& header);
  void Dispatch(const RecordView& record, ReplayStep& step);
  void ApplyRows(const RecordView& record, ReplayStep& step);
  void InsertRun(const RecordView& record, const PartitionRun& run,
                 ReplayStep& step);
  void ApplyDelete(const RecordView& record, ReplayStep& step) const;
  void ApplyClose(const RecordView& record, ReplayStep& step);
  void ApplyPartition(const RecordView& record, ReplayStep& step);
  void ApplySchema(const RecordView& record, ReplayStep& step);
  void Close(base::PartitionId partition, ReplayStep& step);
  void CloseAll(ReplayStep& step);

  absl::Status ReadPartitions(base::ByteReader& in);
  absl::Status ReadWriters(base::ByteReader& in);

  VchannelKey vchannel_;
  base::Timestamp clock_;
  std::uint32_t schema_version_ = 0;
  bool collection_created_ = false;
  bool collection_dropped_ = false;
  absl::btree_map<base::PartitionId, OpenSegment> open_;
  absl::btree_set<base::PartitionId> dropped_partitions_;
  absl::flat_hash_map<base::WriterId, LastWrite> writers_;
  // Oldest first; effective times are unique.
  absl::btree_map<base::Timestamp, base::WriterId> writers_by_at_;
};

}  // namespace elanus::segment

// Turns one vchannel's log into files: each closed segment into column files,
// the tombstones up to each seal point into a delete file, and moves the
// checkpoint behind them. Jobs run one after the other in the order of the
// log, so that a checkpoint never passes a segment that is not committed.
//
// A job that fails is tried again, with a new attempt, until it succeeds or
// the writer is stopped: nothing is lost by waiting, the log holds it.
//
// Threads:   listener methods on the replay thread, the rest from any.
// Ownership: shared with the tail and with the jobs under way.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "base/status.h"
#include "base/timer.h"
#include "proto/internal/data_node.pb.h"
#include "proto/internal/meta.pb.h"
#include "role/data_coord.h"
#include "segment/tail/tail_listener.h"
#include "segment/tail/vchannel_tail.h"
#include "storage/object_store.h"
#include "types/schema.h"

namespace elanus::worker {

class ChannelWriter final : public segment::TailListener,
                            public std::enable_shared_from_this<ChannelWriter> {
 public:
  struct Dependencies {
    role::DataCoord& data_coord;
    storage::ObjectStore& objects;
    base::Executor& background;
    base::Timer& timer;
  };

  ChannelWriter(const Dependencies& dependencies,
                const internal::ChannelAssignment& assignment,
                std::shared_ptr<segment::VchannelTail> tail);

  // Starts listening; what was closed before is written as well.
  void Start();
  // Ends listening and drops the jobs that have not begun. `done` when no job
  // runs any more.
  void Stop(base::Done done);

  void OnSegmentClosed(const std::shared_ptr<segment::GrowingSegment>& segment,
                       const storage::Position& next) override;
  void OnSealPoint(const segment::SealPoint& point) override;
  void OnPartitionDropped(base::PartitionId partition) override;
  void OnCollectionDropped() override;

  // The topic has moved on behind the checkpoint.
  bool IsBehind() const;
  // Moves the checkpoint along with the topic if nothing is unwritten.
  void MoveIfIdle();

  const segment::VchannelTail& tail() const { return *tail_; }
  segment::VchannelTail& tail() { return *tail_; }
  internal::ChannelState State() const;

 private:
  struct ClosedJob {
    std::shared_ptr<segment::GrowingSegment> segment;
    storage::Position next;
  };
  // Behind it nothing of the partition that was closed before is written: it
  // is committed by then, or never.
  struct DropJob {
    base::PartitionId partition{0};
  };
  using Job = std::variant<ClosedJob, segment::SealPoint, DropJob>;
  struct AttemptCall;
  struct SegmentCommit;
  struct CheckpointCommit;

  void Enqueue(Job job);
  void RunNext();
  void FinishJob(const absl::Status& status);
  // Ends the attempt first, so that its files become garbage.
  void GiveUp(std::int64_t attempt, const absl::Status& status);
  void DropData(base::PartitionId partition);
  void WriteClosed(const ClosedJob& job);
  void CommitClosed(std::shared_ptr<SegmentCommit> commit);
  void WriteCheckpoint(const segment::SealPoint& point);
  absl::Status WriteDeleteFile(CheckpointCommit& commit);
  void CommitCheckpoint(std::shared_ptr<CheckpointCommit> commit);
  void WithAttempt(internal::AttemptKind kind,
                   absl::AnyInvocable<void(absl::StatusOr<std::int64_t>)> use);

  const Dependencies deps_;
  const internal::CollectionMeta collection_;
  const std::int32_t shard_;
  const std::shared_ptr<segment::VchannelTail> tail_;

  mutable base::Mutex mutex_;
  std::deque<Job> jobs_ ABSL_GUARDED_BY(mutex_);
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  // The job at the front has failed and waits for its next try.
  bool pausing_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;
  base::Done stop_done_ ABSL_GUARDED_BY(mutex_);
  storage::Position checkpoint_ ABSL_GUARDED_BY(mutex_);
  base::Timestamp checkpoint_clock_ ABSL_GUARDED_BY(mutex_);
  // Closed and not committed yet, with the place of their close.
  absl::flat_hash_map<base::SegmentId, storage::Position> closed_
      ABSL_GUARDED_BY(mutex_);
  // Committed; a query node may still hold them as growing.
  mutable absl::flat_hash_set<base::SegmentId> written_ ABSL_GUARDED_BY(mutex_);
  // Rounds in which only tombstones kept the checkpoint from moving along.
  int idle_rounds_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace elanus::worker

// The end of one vchannel's log, held in memory once per process: replay state,
// growing segments and the tombstones since the last checkpoint. The query
// node searches its segments, the data node writes files from the same ones.
//
// A read: T = clock() first, then the listener's view (or growing()); rows
// with a later time are not visible at T.
//
// A closed segment leaves the tail when every kind of listener that is there
// has released it: the data node when its files are committed, the query node
// when no view holds it as growing.
//
// Threads:   any, except what is said to be for boundaries: that is for
//            listeners and for functions given to RunAtBoundary.
// Ownership: shared; a TailSet makes and feeds it. Listeners are shared.
// Errors:    status() once a record could not be applied (DATA_LOSS), was
//            truncated before it was read, or the topic is gone: nothing is
//            ever skipped, the tail stops there.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/hybrid_time.h"
#include "base/ids.h"
#include "base/memory_budget.h"
#include "base/mutex.h"
#include "base/op_context.h"
#include "base/timer.h"
#include "segment/growing/growing_segment.h"
#include "segment/record/record.h"
#include "segment/replay/replay.h"
#include "segment/tail/apply_gate.h"
#include "segment/tail/tail_listener.h"
#include "segment/tail/tombstone_log.h"
#include "segment/tail/wait_list.h"
#include "types/schema.h"

namespace elanus::segment {

using GrowingList = std::vector<std::shared_ptr<GrowingSegment>>;

// Reads the payload of a SchemaChange record.
using ReadSchema =
    std::function<absl::StatusOr<std::shared_ptr<const types::Schema>>(
        std::string_view payload)>;

// Where a vchannel's replay starts: its channel record and its segments.
struct VchannelSpec {
  VchannelKey key;
  std::string topic;
  // The newest known; rows of older records get its defaults.
  std::shared_ptr<const types::Schema> schema;
  ReadSchema read_schema;
  storage::Position start;   // the checkpoint
  std::string replay_state;  // stored with it; empty = from the beginning
  // Segments with files, replaced ones too: their rows before this position
  // are not taken from the log.
  absl::flat_hash_map<base::SegmentId, storage::Position> synced_to;
};

// Who keeps growing segments until it has released them.
enum class TailUser : std::uint8_t { kDataNode, kQueryNode };

struct Unwritten {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::size_t segments = 0;
  std::int64_t since_ns = 0;  // monotonic; when the oldest was opened; 0 = none
};

// What a tail needs from the process.
struct TailServices {
  base::MemoryBudget& budget;
  const base::Clock& clock;
  base::Timer& timer;
  base::Executor& executor;  // runs what was parked
};

class VchannelTail : public std::enable_shared_from_this<VchannelTail> {
 public:
  // Errors: DATA_LOSS for a replay state that cannot be read.
  static absl::StatusOr<std::shared_ptr<VchannelTail>> Create(
      VchannelSpec spec, const TailServices& services);

  const VchannelKey& key() const { return spec_.key; }
  const std::string& topic() const { return spec_.topic; }
  // Where its replay started.
  const storage::Position& start() const { return spec_.start; }

  // Of the newest record that is wholly applied.
  base::Timestamp clock() const {
    return {clock_.load(std::memory_order_acquire)};
  }
  // All records before it are applied.
  storage::Position applied() const { return waits_->applied(); }
  // When (monotonic) the newest question was sent whose answer found this
  // tail at the end of the log; 0 = never yet.
  std::int64_t caught_up_at_ns() const {
    return caught_up_at_ns_.load(std::memory_order_acquire);
  }
  // Why the tail has stopped; OK while it runs.
  absl::Status status() const { return waits_->status(); }

  // Done once applied() >= position. At once on this thread if it is already;
  // else on the executor.
  void WaitFor(const storage::Position& position, const base::OpContext& ctx,
               base::Done done) {
    waits_->Wait(ctx, position, std::move(done));
  }

  // Runs once between two records: on this thread, perhaps before the call
  // returns, or on the one that is applying a record.
  void RunAtBoundary(base::Task task) { gate_.Post(std::move(task)); }

  // Joins at a boundary: the listener is told `joined` there (with the growing
  // segments and the clock to build its first view from), then every event
  // after it. A listener of one kind at a time.
  struct Joined {
    struct Closed {
      std::shared_ptr<GrowingSegment> segment;
      storage::Position next;  // as in OnSegmentClosed
    };
    std::shared_ptr<const GrowingList> growing;
    base::Timestamp clock;
    std::vector<Closed> closed;  // those among `growing` that are
  };
  void AddListener(TailUser user, std::shared_ptr<TailListener> listener,
                   absl::AnyInvocable<void(const Joined&)> joined);
  // No events once `removed` (may be null) runs, at a boundary.
  void RemoveListener(TailUser user, base::Task removed);

  // All segments that are still here, open and closed, in order of opening.
  std::shared_ptr<const GrowingList> growing() const;
  // True while rows may still be added.
  bool IsOpen(base::SegmentId segment) const;
  // A target may have segments of a dropped partition until the data node has
  // told data coord; the checkpoint does not pass the drop before that.
  bool IsDropped(base::PartitionId partition) const;
  // `user` is done with a closed segment.
  void ReleaseSegment(base::SegmentId segment, TailUser user);

  // What the data node has not released.
  Unwritten unwritten() const;
  // For boundaries: a seal point here, if no segment is open.
  std::optional<SealPoint> SealPointHere() const;
  // The same at the next boundary.
  void TrySealPoint(absl::AnyInvocable<void(std::optional<SealPoint>)> receive);

  TombstoneLog& tombstones() { return *tombstones_; }
  // The schema that new rows get; newer after a SchemaChange.
  std::shared_ptr<const types::Schema> schema() const;

 private:
  friend class TopicTail;
  friend class TailSet;

  struct Held {
    std::shared_ptr<GrowingSegment> segment;
    std::int64_t opened_ns = 0;
    bool open = true;
    storage::Position closed_next;      // behind the record that closed it
    bool released[2] = {false, false};  // by TailUser
  };

  VchannelTail(VchannelSpec spec, const TailServices& services, Replay replay);

  // The replay thread, in log order; records at positions already applied are
  // ignored.
  void OnRecord(const RecordView& record, const storage::Position& position,
                const storage::Position& next);
  // All records before `next` were given, to whomever they belong.
  void Reached(const storage::Position& next);
  void OnEnd(const storage::Position& end, std::int64_t asked_at_ns);
  void Stop(const absl::Status& status);

  absl::Status Apply(const RecordView& record,
                     const storage::Position& position,
                     const storage::Position& next);
  absl::Status ApplyRows(const RecordView& record, const ReplayStep& step);
  absl::Status ApplyTombstones(const ReplayStep& step);
  void ApplyCloses(const ReplayStep& step, const storage::Position& next);
  absl::Status ApplyDdl(const RecordView& record, const ReplayStep& step);
  void Hold(std::shared_ptr<GrowingSegment> segment);
  void DropGrowing(base::PartitionId partition);
  void RemoveReleasedLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PublishListLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  template <typename Tell>
  void ForEachListener(Tell tell);

  const VchannelSpec spec_;
  const TailServices services_;
  const std::shared_ptr<WaitList> waits_;
  const std::shared_ptr<TombstoneLog> tombstones_;
  ApplyGate gate_;

  // Inside the gate:
  Replay replay_;
  storage::Position next_;  // records before it are applied
  bool failed_ = false;     // the record before it could not be
  absl::flat_hash_map<base::SegmentId, std::shared_ptr<GrowingSegment>> open_;
  std::shared_ptr<TailListener> listeners_[2];  // by TailUser
  bool stopped_ = false;

  std::atomic<std::uint64_t> clock_{0};
  std::atomic<std::int64_t> caught_up_at_ns_{0};

  mutable base::Mutex mutex_;
  std::vector<Held> held_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<base::PartitionId> dropped_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const GrowingList> growing_ ABSL_GUARDED_BY(mutex_);
  bool present_[2] ABSL_GUARDED_BY(mutex_) = {false, false};
  std::shared_ptr<const types::Schema> schema_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::segment

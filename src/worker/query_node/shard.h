// One vchannel as this node serves it: the shared tail, the sealed segments,
// and the view that reads take.
//
// Handing over to a new target (a flush, an index, a compaction):
// 1. pin the tombstones, 2. fetch the target, 3. open what is new and tell it
// the delete files and the tombstones since the checkpoint, 4. between two log
// records: tell it those that came meanwhile, drop the growing segments that
// are sealed now, replace the view. No gap, no row twice.
//
// A segment whose index is still to be built is not opened while the view has
// its rows in others: those of a compaction have their indexes, a growing one
// its interim index. The target changes again when the index is there. While
// more than half of the memory budget is taken it is opened at once.
//
// Threads:   listener methods on the replay thread, the rest from any.
// Ownership: shared with the tail and with the loads under way.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "base/executor.h"
#include "base/ids.h"
#include "base/memory_budget.h"
#include "base/mutex.h"
#include "base/status.h"
#include "base/timer.h"
#include "proto/internal/data_coord.pb.h"
#include "proto/internal/query_coord.pb.h"
#include "role/data_coord.h"
#include "segment/tail/vchannel_tail.h"
#include "storage/object_store.h"
#include "worker/query_node/view.h"

namespace elanus::worker {

// The partitions that reads may see.
struct LoadedPartitions {
  bool all = false;
  absl::flat_hash_set<base::PartitionId> ids;  // if not all

  bool Contains(base::PartitionId id) const { return all || ids.contains(id); }
};

class Shard final : public segment::TailListener,
                    public std::enable_shared_from_this<Shard> {
 public:
  struct Dependencies {
    role::DataCoord& data_coord;
    storage::ObjectStore& objects;
    base::MemoryBudget& budget;
    base::Executor& background;
    base::Timer& timer;
    bool use_mmap = true;
  };

  Shard(const Dependencies& dependencies,
        std::shared_ptr<segment::VchannelTail> tail,
        std::shared_ptr<const types::Schema> schema);

  // Starts listening to the tail. False if it was called before.
  bool Join();
  // Ends it, for good. Reads that hold a view go on; a handover that is under
  // way changes nothing any more.
  void Leave();

  void SetPartitions(LoadedPartitions partitions);
  LoadedPartitions partitions() const;

  // Hands over to the newest target; `done` when the new view serves. Calls
  // that come while one runs share the one after it.
  void Refresh(base::Done done);
  // True once a first target serves.
  bool is_serving() const;

  segment::VchannelTail& tail() { return *tail_; }
  std::shared_ptr<const View> view() const;
  void DescribeSegments(internal::GetQuerySegmentInfoReply* reply) const;

  void OnTombstones(std::span<const segment::TombstoneRun> runs) override;
  void OnSegmentOpened(
      const std::shared_ptr<segment::GrowingSegment>& segment) override;
  void OnPartitionDropped(base::PartitionId partition) override;
  void OnCollectionDropped() override;

 private:
  struct Handover;
  // The files of an index that a sealed segment has open.
  using OpenIndexes =
      std::map<base::SegmentId, std::map<base::FieldId, base::IndexId>>;

  void StartRefresh();
  void FetchTarget(std::shared_ptr<Handover> handover);
  absl::Status OpenSegments(Handover& handover);
  absl::Status OpenSegmentOf(const internal::SegmentMeta& meta, const View& now,
                             Handover& handover);
  absl::StatusOr<std::shared_ptr<segment::SealedSegment>> OpenSegment(
      const internal::SegmentMeta& meta, Handover& handover) const;
  void ReportDamaged(const internal::SegmentIndexMeta& index,
                     const absl::Status& status) const;
  void OpenIndexesOf(Handover& handover, segment::SealedSegment& segment);
  absl::Status TellTombstones(Handover& handover, base::Timestamp upto) const;
  absl::Status Install(Handover& handover);
  void FinishRefresh(const absl::Status& status);
  // For an index that could not be loaded.
  void RefreshLater();
  // Replay thread: changes a copy of the view and publishes it.
  template <typename Change>
  void ChangeView(Change change);

  const Dependencies deps_;
  const std::shared_ptr<segment::VchannelTail> tail_;

  mutable base::Mutex mutex_;
  std::shared_ptr<const View> view_ ABSL_GUARDED_BY(mutex_);
  LoadedPartitions partitions_ ABSL_GUARDED_BY(mutex_);
  OpenIndexes open_indexes_ ABSL_GUARDED_BY(mutex_);
  bool joined_ ABSL_GUARDED_BY(mutex_) = false;
  bool left_ ABSL_GUARDED_BY(mutex_) = false;
  bool serving_ ABSL_GUARDED_BY(mutex_) = false;
  bool refreshing_ ABSL_GUARDED_BY(mutex_) = false;
  bool refresh_due_ ABSL_GUARDED_BY(mutex_) = false;  // by RefreshLater
  std::vector<base::Done> running_ ABSL_GUARDED_BY(mutex_);
  std::vector<base::Done> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::worker

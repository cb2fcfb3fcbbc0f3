// The data node: one ChannelWriter for each vchannel that it follows, and
// compactions.
//
//   DataNode node({...});
//   ... role::DataNode calls ...
//   node.Stop(done);
//
// Threads:   any; nothing blocks its caller.
// Ownership: everything in Dependencies is borrowed.
#pragma once

#include <map>
#include <memory>

#include "base/executor.h"
#include "base/memory_budget.h"
#include "base/mutex.h"
#include "base/timer.h"
#include "role/data_coord.h"
#include "role/data_node.h"
#include "segment/tail/tail_set.h"
#include "storage/object_store.h"
#include "worker/data_node/channel_writer.h"

namespace elanus::worker {

class DataNode final : public role::DataNode {
 public:
  struct Dependencies {
    role::DataCoord& data_coord;
    storage::ObjectStore& objects;
    segment::TailSet& tails;  // shared with the query node of the process
    base::MemoryBudget& budget;
    base::Executor& background;
    // They take a thread for long: calls would queue behind them.
    base::Executor& compactions;
    base::Timer& timer;
  };

  explicit DataNode(const Dependencies& dependencies);
  ~DataNode() override;

  // Follows nothing any more; `done` when no job runs. Compactions that have
  // not begun are refused.
  void Stop(base::Done done);

  void WatchChannel(const base::OpContext& ctx,
                    const internal::WatchChannelRequest& request,
                    internal::Empty* reply, base::Done done) override;
  void UnwatchChannel(const base::OpContext& ctx,
                      const internal::ShardRequest& request,
                      internal::Empty* reply, base::Done done) override;
  void GetChannelStates(const base::OpContext& ctx,
                        const internal::GetChannelStatesRequest& request,
                        internal::GetChannelStatesReply* reply,
                        base::Done done) override;
  void WaitApplied(const base::OpContext& ctx,
                   const internal::WaitAppliedRequest& request,
                   internal::WaitAppliedReply* reply, base::Done done) override;
  // compact.cc
  void Compact(const base::OpContext& ctx,
               const internal::CompactRequest& request,
               internal::CompactReply* reply, base::Done done) override;
  void MergeDeletes(const base::OpContext& ctx,
                    const internal::MergeDeletesRequest& request,
                    internal::MergeDeletesReply* reply,
                    base::Done done) override;

 private:
  using Writers =
      std::map<segment::VchannelKey, std::shared_ptr<ChannelWriter>>;

  absl::Status Watch(const internal::ChannelAssignment& assignment);
  absl::StatusOr<std::shared_ptr<ChannelWriter>> FindWriter(
      std::int64_t collection_id, std::int32_t shard) const;
  absl::Status CheckRuns() const;
  absl::Status DoCompact(const internal::CompactRequest& request,
                         internal::CompactReply* reply) const;
  void MoveIdleCheckpoints();

  const Dependencies deps_;
  mutable base::Mutex mutex_;
  Writers writers_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  segment::VchannelKey last_moved_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::worker

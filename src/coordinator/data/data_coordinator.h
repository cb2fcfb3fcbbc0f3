// Data coord: vchannels, segments and their life, indexes, compaction,
// garbage. All that it decides is in the meta store before it is answered;
// after a restart it goes on from there.
//
//   DataCoordinator coord({...});
//   RETURN_IF_ERROR(coord.Start());    // has the data nodes follow
//   ...
//   coord.Stop();
//
// The parts, one file each: channels.cc, commit.cc (what data and index nodes
// commit), flush.cc, indexes.cc, index_tasks.cc, compaction.cc,
// delete_merge.cc, sealing.cc, meta_copies.cc, garbage.cc.
//
// Threads:   any. Work that waits for the disk runs on the background
//            executor; no method blocks its caller.
// Ownership: everything in Dependencies is borrowed and outlives the object.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/config.h"
#include "base/executor.h"
#include "base/hybrid_time.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "base/timer.h"
#include "coordinator/data/data_meta.h"
#include "coordinator/data/flush_waits.h"
#include "coordinator/data/pauses.h"
#include "coordinator/key_sequencer.h"
#include "role/data_coord.h"
#include "role/data_node.h"
#include "role/index_node.h"
#include "role/query_coord.h"
#include "role/root_coord.h"
#include "segment/record/log_writer.h"
#include "storage/log_broker.h"
#include "storage/meta_copy.h"
#include "storage/meta_store.h"
#include "storage/object_store.h"

namespace elanus::coordinator {

class DataCoordinator final : public role::DataCoord {
 public:
  struct Dependencies {
    storage::MetaStore& meta_store;
    storage::MetaCopier& meta_copier;  // of that store
    storage::ObjectStore& objects;
    storage::LogBroker& broker;
    role::RootCoord& root_coord;
    role::QueryCoord& query_coord;
    role::DataNode& data_node;
    role::IndexNode* index_node;  // nullptr: indexes are not built
    const base::Clock& clock;
    base::Timer& timer;
    base::Executor& background;
    const base::Config& config;
    // From here on the largest open segments are closed, so that they leave
    // memory for files before writes have to be refused.
    std::int64_t open_bytes_max = std::numeric_limits<std::int64_t>::max();
    // Never used before: names this run in attempts, and numbers its records.
    base::NodeId epoch;
  };

  explicit DataCoordinator(const Dependencies& dependencies);
  // Without a Stop before, calls that wait go unanswered.
  ~DataCoordinator() override;

  // Reads the records and ends what a former run left half-done. Before any
  // other call.
  absl::Status Recover();
  // Has the data node follow every vchannel, then starts the loops. `done`
  // when all are followed.
  void Start(base::Done done);
  // No loop runs afterwards. Idempotent.
  void Stop();

  void WatchCollection(const base::OpContext& ctx,
                       const internal::WatchCollectionRequest& request,
                       internal::Empty* reply, base::Done done) override;
  void DropCollection(const base::OpContext& ctx,
                      const internal::CollectionIdRequest& request,
                      internal::Empty* reply, base::Done done) override;
  void DropPartition(const base::OpContext& ctx,
                     const internal::PartitionIdRequest& request,
                     internal::Empty* reply, base::Done done) override;
  void Flush(const base::OpContext& ctx,
             const internal::CollectionIdRequest& request,
             internal::FlushReply* reply, base::Done done) override;
  void GetFlushState(const base::OpContext& ctx,
                     const internal::GetFlushStateRequest& request,
                     internal::GetFlushStateReply* reply,
                     base::Done done) override;
  void GetSegments(const base::OpContext& ctx,
                   const internal::CollectionIdRequest& request,
                   internal::GetSegmentsReply* reply, base::Done done) override;
  void GetStatistics(const base::OpContext& ctx,
                     const internal::GetStatisticsRequest& request,
                     internal::GetStatisticsReply* reply,
                     base::Done done) override;
  void GetTarget(const base::OpContext& ctx,
                 const internal::ShardRequest& request,
                 internal::GetTargetReply* reply, base::Done done) override;
  void ListAssignments(const base::OpContext& ctx,
                       const internal::Empty& request,
                       internal::ListAssignmentsReply* reply,
                       base::Done done) override;
  void GetAssignment(const base::OpContext& ctx,
                     const internal::ShardRequest& request,
                     internal::ListAssignmentsReply* reply,
                     base::Done done) override;
  void BeginAttempt(const base::OpContext& ctx,
                    const internal::BeginAttemptRequest& request,
                    internal::BeginAttemptReply* reply,
                    base::Done done) override;
  void EndAttempt(const base::OpContext& ctx,
                  const internal::EndAttemptRequest& request,
                  internal::Empty* reply, base::Done done) override;
  void CommitSegment(const base::OpContext& ctx,
                     const internal::CommitSegmentRequest& request,
                     internal::Empty* reply, base::Done done) override;
  void CommitCheckpoint(const base::OpContext& ctx,
                        const internal::CommitCheckpointRequest& request,
                        internal::Empty* reply, base::Done done) override;
  void CommitIndex(const base::OpContext& ctx,
                   const internal::CommitIndexRequest& request,
                   internal::Empty* reply, base::Done done) override;
  void CreateIndex(const base::OpContext& ctx,
                   const internal::CreateIndexRequest& request,
                   internal::Empty* reply, base::Done done) override;
  void DropIndex(const base::OpContext& ctx,
                 const internal::DropIndexRequest& request,
                 internal::Empty* reply, base::Done done) override;
  void DescribeIndex(const base::OpContext& ctx,
                     const internal::DescribeIndexRequest& request,
                     internal::DescribeIndexReply* reply,
                     base::Done done) override;
  void ManualCompaction(const base::OpContext& ctx,
                        const internal::ManualCompactionRequest& request,
                        internal::ManualCompactionReply* reply,
                        base::Done done) override;
  void GetCompactionState(const base::OpContext& ctx,
                          const internal::CompactionIdRequest& request,
                          internal::GetCompactionStateReply* reply,
                          base::Done done) override;

 private:
  using CollectionRef = std::shared_ptr<const internal::CollectionMeta>;

  // One merge of segments that runs or has run.
  struct CompactionPlan {
    std::vector<std::int64_t> inputs;
    std::int64_t output = 0;
    enum class State { kRunning, kCompleted, kFailed } state = State::kRunning;
  };
  // What one ManualCompaction call, or one round of the loop, started.
  struct Compaction {
    std::int64_t id = 0;
    std::vector<CompactionPlan> plans;
  };
  // Where a Flush call keeps what it gathers from the shards.
  struct FlushRun;
  struct CompactionRun;
  struct DeleteMergeRun;
  struct Sweep;
  struct CopyRound;

  // Runs `work` on the background executor and gives its status to `done`.
  template <typename Work>
  void InBackground(Work work, base::Done done);

  // channels.cc
  CollectionRef FindCollection(std::int64_t collection_id) const;
  absl::StatusOr<CollectionRef> GetCollection(std::int64_t collection_id) const;
  absl::Status MakeChannels(const internal::CollectionMeta& collection);
  internal::ChannelAssignment AssignmentOf(
      const internal::CollectionMeta& collection,
      const internal::ChannelMeta& channel) const;
  void WatchChannels(const std::vector<internal::ChannelAssignment>& channels,
                     base::Done done);
  absl::Status DeleteRecords(std::int64_t collection_id);
  template <typename Message>
  absl::Status DeleteAll(std::string_view prefix);
  absl::Status DropSegmentsOf(std::int64_t collection_id,
                              std::int64_t partition_id);

  // commit.cc
  // Gives a new id, at once while some are left of the last block.
  void WithId(absl::AnyInvocable<void(absl::StatusOr<std::int64_t>)> use);
  absl::Status RegisterAttempt(std::int64_t attempt_id,
                               internal::AttemptKind kind,
                               std::int64_t collection_id);
  absl::Status DeleteAttempt(std::int64_t attempt_id);
  // An attempt that may be in the records and that nobody owns.
  void EndLater(std::int64_t attempt_id);
  absl::Status EndAttempts();
  absl::Status DoCommitSegment(const internal::CommitSegmentRequest& request);
  absl::Status DoCommitCheckpoint(
      const internal::CommitCheckpointRequest& request);
  absl::Status RebuildIndex(const Record<internal::SegmentIndexMeta>& task,
                            const internal::CommitIndexRequest& request);
  absl::Status DoCommitIndex(const internal::CommitIndexRequest& request);
  void ForgetReplaced(const internal::ChannelMeta& channel);
  void NotifyTarget(std::int64_t collection_id, std::int32_t shard);

  // meta_copies.cc
  // Soon: the next copy of the metadata comes first.
  void TruncateLog(const std::string& topic);
  void CopyTick();
  // `then` when the ends of the round's topics are known.
  void FindEnds(const std::shared_ptr<CopyRound>& round, base::Task then);
  absl::Status CopyAndTruncate(CopyRound& round);
  // Nobody needs what lies before: the lowest checkpoint, or `end` if the topic
  // has no vchannel.
  storage::Position FirstNeeded(const std::string& topic,
                                const storage::Position& end) const;

  // flush.cc
  void CloseSegments(const internal::CollectionMeta& collection,
                     const internal::VChannelMeta& vchannel,
                     std::vector<base::PartitionId> partitions,
                     base::Timestamp proposed, storage::AppendDone done);
  void AppendCloses(std::shared_ptr<FlushRun> run);
  void GatherClosed(std::shared_ptr<FlushRun> run);
  bool IsFlushed(const FlushWaits::Question& question) const;
  std::vector<Ref<internal::SegmentMeta>> LiveSegments(
      std::int64_t collection_id) const;

  // indexes.cc
  // Runs `change` when no other change of the collection's definitions does.
  template <typename Change>
  void ChangeIndexes(std::int64_t collection_id, Change change,
                     base::Done done);
  absl::Status DoCreateIndex(const internal::CreateIndexRequest& request);
  absl::Status DoDropIndex(const internal::DropIndexRequest& request);
  // Makes what follows from a definition that is in the records.
  absl::Status BeginIndex(const internal::IndexMeta& index);
  internal::IndexProgress ProgressOf(const internal::IndexMeta& index) const;
  // index_tasks.cc
  bool NeedsBuild(const internal::IndexMeta& index,
                  const internal::SegmentMeta& segment) const;
  absl::Status MakeTasks(const internal::IndexMeta& index);
  absl::Status MakeTasks(const internal::SegmentMeta& segment);
  absl::Status MakeTask(const internal::IndexMeta& index,
                        const internal::SegmentMeta& segment);
  // Makes the tasks that are missing, issues again those that nobody runs,
  // deletes those that have lost their index or segment.
  absl::Status MendTasks();
  bool IsRunning(const std::string& task_key) const;
  void TaskTick();
  void ScheduleTasks();
  void RunTask(Ref<internal::SegmentIndexMeta> task);
  void FinishTask(const internal::SegmentIndexMeta& task,
                  const absl::Status& status);

  // compaction.cc
  // The oldest time that reads may still ask for.
  base::Timestamp KeptFrom() const;
  // partition_id 0 = of all.
  std::shared_ptr<Compaction> StartCompaction(std::int64_t collection_id,
                                              std::int64_t partition_id,
                                              bool forced);
  void RunPlan(std::shared_ptr<Compaction> compaction, std::size_t plan,
               std::int64_t collection_id);
  absl::Status PreparePlan(CompactionRun& run);
  absl::Status CommitPlan(const CompactionRun& run);
  void FinishPlan(const std::shared_ptr<CompactionRun>& run,
                  const absl::Status& status);
  void CompactAll();

  // delete_merge.cc
  void TendDeleteFiles(std::int64_t collection_id);
  absl::Status ForgetDeleteFiles(const Record<internal::ChannelMeta>& channel);
  void MergeDeletes(const std::string& channel_key);
  absl::Status CommitMerge(const DeleteMergeRun& run);
  void FinishMerge(const std::shared_ptr<DeleteMergeRun>& run,
                   const absl::Status& status);

  // sealing.cc
  void SealingTick();
  void SealWhatIsDue(const internal::GetChannelStatesReply& states);
  void LookAgainSoon(const internal::GetChannelStatesReply& states);

  // garbage.cc
  void GarbageTick();
  void CollectGarbage(base::Done done);
  absl::StatusOr<std::vector<std::string>> ListUnowned();
  std::vector<std::string> TakeDue(const std::vector<std::string>& unowned);
  void AskServed(const std::shared_ptr<Sweep>& sweep, base::Task then);
  absl::Status DeleteUnserved(const Sweep& sweep);

  // Runs `tick` again and again, the next one `period` after the last ended.
  void Repeat(std::chrono::milliseconds period,
              void (DataCoordinator::*tick)());

  const Dependencies deps_;
  DataMeta meta_;
  segment::LogWriter log_writer_;
  const std::shared_ptr<KeySequencer> index_changes_;  // by collection
  FlushWaits flush_waits_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> looks_again_{false};  // soon, at segments that fill up

  mutable base::Mutex mutex_;
  // What is gone through is ordered: a run repeats itself exactly.
  std::map<std::int64_t, CollectionRef> collections_ ABSL_GUARDED_BY(mutex_);
  std::int64_t next_id_ ABSL_GUARDED_BY(mutex_) = 0;
  std::int64_t ids_end_ ABSL_GUARDED_BY(mutex_) = 0;
  // Index tasks that run now, by their record's key.
  absl::flat_hash_set<std::string> running_tasks_ ABSL_GUARDED_BY(mutex_);
  bool mending_tasks_ ABSL_GUARDED_BY(mutex_) = false;
  // Inputs of merges that run now.
  absl::flat_hash_set<std::int64_t> compacting_ ABSL_GUARDED_BY(mutex_);
  // Channels whose delete files are being merged, by their record's key.
  absl::flat_hash_set<std::string> merging_deletes_ ABSL_GUARDED_BY(mutex_);
  // Of what is merged without being asked for.
  Pauses<std::int64_t> compaction_pauses_ ABSL_GUARDED_BY(mutex_);
  Pauses<std::string> merge_pauses_ ABSL_GUARDED_BY(mutex_);
  // The newest ones, for GetCompactionState.
  std::map<std::int64_t, std::shared_ptr<Compaction>> compactions_
      ABSL_GUARDED_BY(mutex_);
  // When an object without owner was first seen, by name; monotonic ns.
  absl::flat_hash_map<std::string, std::int64_t> unowned_since_
      ABSL_GUARDED_BY(mutex_);
  // Topics whose checkpoints have moved, or gone, since they were truncated.
  std::set<std::string> to_truncate_ ABSL_GUARDED_BY(mutex_);
  std::int64_t next_copy_ns_ ABSL_GUARDED_BY(mutex_) = 0;  // monotonic
  // Attempts whose end has to be tried again.
  std::set<std::int64_t> unended_ ABSL_GUARDED_BY(mutex_);
  // vchannels whose CloseSegments was appended and not seen yet: the loop
  // does not ask for another.
  absl::flat_hash_map<std::string, std::string> closing_
      ABSL_GUARDED_BY(mutex_);
};

template <typename Message>
absl::Status DataCoordinator::DeleteAll(std::string_view prefix) {
  const auto records = meta_.List<Message>(prefix);
  for (std::size_t i = 0; i < records.size();) {
    MetaChange change;
    for (; i < records.size() && change.keys() < storage::kMaxTxnKeys; ++i) {
      change.template Delete<Message>(records[i]->key);
    }
    RETURN_IF_ERROR(meta_.Commit(std::move(change)).status());
  }
  return absl::OkStatus();
}

template <typename Work>
void DataCoordinator::InBackground(Work work, base::Done done) {
  deps_.background.Submit([work = std::move(work),
                           done = std::move(done)]() mutable { done(work()); });
}

}  // namespace elanus::coordinator

// What data nodes and index nodes commit. Each commit is one transaction that
// expects its attempt to be alive: a node that wakes up late changes nothing.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "coordinator/data/data_coordinator.h"

namespace elanus::coordinator {
namespace {

constexpr std::uint32_t kIdBlock = 1024;

absl::Status AttemptEnded(std::int64_t attempt_id) {
  return base::Error(base::ErrorCode::kUnexpected,
                     "attempt {} has ended: nothing was committed", attempt_id);
}

}  // namespace

void DataCoordinator::WithId(
    absl::AnyInvocable<void(absl::StatusOr<std::int64_t>)> use) {
  std::optional<std::int64_t> id;
  {
    base::MutexLock lock(mutex_);
    if (next_id_ < ids_end_) id = next_id_++;
  }
  if (id.has_value()) return use(*id);
  struct Call {
    internal::AllocIdRequest request;
    internal::AllocIdReply reply;
  };
  auto call = std::make_shared<Call>();
  call->request.set_count(kIdBlock);
  deps_.root_coord.AllocId(
      base::OpContext(), call->request, &call->reply,
      [this, call, use = std::move(use)](absl::Status status) mutable {
        if (!status.ok()) return use(std::move(status));
        {
          // The rest of an older block is given up: ids are many.
          base::MutexLock lock(mutex_);
          next_id_ = call->reply.first() + 1;
          ids_end_ = call->reply.first() + call->reply.count();
        }
        use(call->reply.first());
      });
}

absl::Status DataCoordinator::RegisterAttempt(std::int64_t attempt_id,
                                              internal::AttemptKind kind,
                                              std::int64_t collection_id) {
  internal::AttemptMeta attempt;
  attempt.set_id(attempt_id);
  attempt.set_kind(kind);
  attempt.set_collection_id(collection_id);
  attempt.set_owner_epoch(base::ToInt(deps_.epoch));
  MetaChange change;
  change.Put(keys::Attempt(base::AttemptId{attempt_id}), std::move(attempt));
  const absl::Status status = meta_.Commit(std::move(change)).status();
  if (!status.ok()) EndLater(attempt_id);
  return status;
}

absl::Status DataCoordinator::DeleteAttempt(std::int64_t attempt_id) {
  MetaChange change;
  change.Delete<internal::AttemptMeta>(
      keys::Attempt(base::AttemptId{attempt_id}));
  const absl::Status status = meta_.Commit(std::move(change)).status();
  if (!status.ok()) EndLater(attempt_id);
  return status;
}

void DataCoordinator::EndLater(std::int64_t attempt_id) {
  base::MutexLock lock(mutex_);
  unended_.insert(attempt_id);
}

absl::Status DataCoordinator::EndAttempts() {
  std::set<std::int64_t> ids;
  {
    base::MutexLock lock(mutex_);
    ids.swap(unended_);
  }
  absl::Status first;
  for (const std::int64_t id : ids) first.Update(DeleteAttempt(id));
  return first;
}

void DataCoordinator::BeginAttempt(const base::OpContext&,
                                   const internal::BeginAttemptRequest& request,
                                   internal::BeginAttemptReply* reply,
                                   base::Done done) {
  WithId([this, kind = request.kind(), collection = request.collection_id(),
          reply,
          done = std::move(done)](absl::StatusOr<std::int64_t> id) mutable {
    if (!id.ok()) return done(id.status());
    reply->set_attempt_id(*id);
    InBackground([this, id = *id, kind,
                  collection] { return RegisterAttempt(id, kind, collection); },
                 std::move(done));
  });
}

void DataCoordinator::EndAttempt(const base::OpContext&,
                                 const internal::EndAttemptRequest& request,
                                 internal::Empty*, base::Done done) {
  InBackground([this, id = request.attempt_id()] { return DeleteAttempt(id); },
               std::move(done));
}

void DataCoordinator::CommitSegment(
    const base::OpContext&, const internal::CommitSegmentRequest& request,
    internal::Empty*, base::Done done) {
  InBackground([this, &request] { return DoCommitSegment(request); },
               std::move(done));
}

absl::Status DataCoordinator::DoCommitSegment(
    const internal::CommitSegmentRequest& request) {
  const internal::SegmentMeta& segment = request.segment();
  const base::CollectionId collection{segment.collection_id()};
  const std::string attempt =
      keys::Attempt(base::AttemptId{request.attempt_id()});
  const std::string key =
      keys::Segment(collection, base::SegmentId{segment.id()});
  MetaChange change;
  change.ExpectExists(attempt);
  change.ExpectExists(keys::Channel(collection, segment.shard()));
  change.ExpectAbsent(key);
  change.Put(key, segment);
  change.Delete<internal::AttemptMeta>(attempt);
  ASSIGN_OR_RETURN(const bool committed, meta_.Commit(std::move(change)));
  if (!committed) {
    const Ref<internal::SegmentMeta> there =
        meta_.Find<internal::SegmentMeta>(key);
    if (there == nullptr) return AttemptEnded(request.attempt_id());
    // Committed by an earlier try whose answer was lost.
    base::LogIfError(DeleteAttempt(request.attempt_id()),
                     "ended by the next round of the garbage");
    if (there->message.state() != internal::SEGMENT_FLUSHED) {
      return absl::OkStatus();
    }
  }
  base::LogIfError(MakeTasks(segment), "made by the next round of the tasks");
  ScheduleTasks();
  NotifyTarget(segment.collection_id(), segment.shard());
  return absl::OkStatus();
}

void DataCoordinator::CommitCheckpoint(
    const base::OpContext&, const internal::CommitCheckpointRequest& request,
    internal::Empty*, base::Done done) {
  InBackground([this, &request] { return DoCommitCheckpoint(request); },
               std::move(done));
}

absl::Status DataCoordinator::DoCommitCheckpoint(
    const internal::CommitCheckpointRequest& request) {
  const std::string key = keys::Channel(
      base::CollectionId{request.collection_id()}, request.shard());
  const Ref<internal::ChannelMeta> channel =
      meta_.Find<internal::ChannelMeta>(key);
  if (channel != nullptr &&
      channel->message.checkpoint() == request.checkpoint() &&
      request.checkpoint() != request.previous_checkpoint()) {
    // Committed by an earlier try whose answer was lost.
    if (request.has_delete_file()) {
      base::LogIfError(DeleteAttempt(request.attempt_id()),
                       "ended by the next round of the garbage");
    }
    return absl::OkStatus();
  }
  if (channel == nullptr ||
      channel->message.checkpoint() != request.previous_checkpoint()) {
    return base::Error(base::ErrorCode::kUnexpected,
                       "the checkpoint of collection {} shard {} was moved by "
                       "another owner: nothing was committed",
                       request.collection_id(), request.shard());
  }
  internal::ChannelMeta moved = channel->message;
  moved.set_checkpoint(request.checkpoint());
  moved.set_replay_state(request.replay_state());
  moved.set_clock(request.clock());
  MetaChange change;
  change.Expect(*channel);
  if (request.has_delete_file()) {
    const std::string attempt =
        keys::Attempt(base::AttemptId{request.attempt_id()});
    *moved.add_delete_files() = request.delete_file();
    change.ExpectExists(attempt);
    change.Delete<internal::AttemptMeta>(attempt);
  }
  change.Put(key, moved);
  ASSIGN_OR_RETURN(const bool committed, meta_.Commit(std::move(change)));
  if (!committed) return AttemptEnded(request.attempt_id());
  flush_waits_.Look(request.collection_id());
  ForgetReplaced(moved);
  TruncateLog(moved.topic());
  if (request.has_delete_file()) {
    NotifyTarget(request.collection_id(), request.shard());
  }
  return absl::OkStatus();
}

// Replay starts behind the checkpoint now: it does not meet the rows of
// segments that were closed before it, so nobody has to skip them any more.
void DataCoordinator::ForgetReplaced(const internal::ChannelMeta& channel) {
  for (const Ref<internal::SegmentMeta>& segment :
       meta_.List<internal::SegmentMeta>(
           keys::SegmentsOf(base::CollectionId{channel.collection_id()}))) {
    if (segment->message.state() == internal::SEGMENT_FLUSHED ||
        segment->message.shard() != channel.shard() ||
        segment->message.closed_at() >= channel.checkpoint()) {
      continue;
    }
    MetaChange change;
    change.Expect(*segment);
    change.Delete<internal::SegmentMeta>(segment->key);
    base::LogIfError(meta_.Commit(std::move(change)).status(),
                     "the next checkpoint tries again");
  }
}

// Nobody waits for it: reads are right with the old target too, only slower.
void DataCoordinator::NotifyTarget(std::int64_t collection_id,
                                   std::int32_t shard) {
  struct Call {
    internal::TargetChangedRequest request;
    internal::Empty reply;
  };
  auto call = std::make_shared<Call>();
  call->request.set_collection_id(collection_id);
  call->request.set_shard(shard);
  deps_.query_coord.TargetChanged(
      base::OpContext(), call->request, &call->reply,
      [call](const absl::Status& status) {
        base::LogIfError(status, "the shard keeps its view");
      });
}

void DataCoordinator::CommitIndex(const base::OpContext&,
                                  const internal::CommitIndexRequest& request,
                                  internal::Empty*, base::Done done) {
  InBackground([this, &request] { return DoCommitIndex(request); },
               std::move(done));
}

// A query node found the files of a finished index damaged: they are given up
// and the index is built again.
absl::Status DataCoordinator::RebuildIndex(
    const Record<internal::SegmentIndexMeta>& task,
    const internal::CommitIndexRequest& request) {
  internal::SegmentIndexMeta again = task.message;
  again.set_state(internal::INDEX_UNISSUED);
  again.set_attempt_id(0);
  again.set_tries(0);
  again.clear_files();
  MetaChange change;
  change.Expect(task);
  change.Put(task.key, std::move(again));
  ASSIGN_OR_RETURN(const bool committed, meta_.Commit(std::move(change)));
  if (!committed) return AttemptEnded(request.attempt_id());
  LOG_WARN("index {} of segment {} is built again: {}", request.index_id(),
           request.segment_id(), request.fail_reason());
  ScheduleTasks();
  return absl::OkStatus();
}

absl::Status DataCoordinator::DoCommitIndex(
    const internal::CommitIndexRequest& request) {
  const base::CollectionId collection{request.collection_id()};
  const std::string key =
      keys::SegmentIndex(collection, base::SegmentId{request.segment_id()},
                         base::IndexId{request.index_id()});
  const Ref<internal::SegmentIndexMeta> task =
      meta_.Find<internal::SegmentIndexMeta>(key);
  const bool is_damaged = !request.fail_reason().empty();
  if (task == nullptr || task->message.attempt_id() != request.attempt_id() ||
      task->message.state() != (is_damaged ? internal::INDEX_FINISHED
                                           : internal::INDEX_IN_PROGRESS)) {
    return AttemptEnded(request.attempt_id());
  }
  if (is_damaged) return RebuildIndex(*task, request);
  const std::string attempt =
      keys::Attempt(base::AttemptId{request.attempt_id()});
  internal::SegmentIndexMeta finished = task->message;
  finished.set_state(internal::INDEX_FINISHED);
  finished.clear_fail_reason();
  *finished.mutable_files() = request.files();
  MetaChange change;
  change.Expect(*task);
  change.ExpectExists(attempt);
  change.Put(key, std::move(finished));
  change.Delete<internal::AttemptMeta>(attempt);
  ASSIGN_OR_RETURN(const bool committed, meta_.Commit(std::move(change)));
  if (!committed) return AttemptEnded(request.attempt_id());
  const Ref<internal::SegmentMeta> segment = meta_.Find<internal::SegmentMeta>(
      keys::Segment(collection, base::SegmentId{request.segment_id()}));
  if (segment != nullptr) {
    NotifyTarget(request.collection_id(), segment->message.shard());
  }
  return absl::OkStatus();
}

}  // namespace elanus::coordinator

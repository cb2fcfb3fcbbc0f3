#include "worker/data_node/channel_writer.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "segment/file/delete_file.h"
#include "worker/data_node/delete_writer.h"
#include "worker/data_node/segment_files.h"

namespace elanus::worker {
namespace {

constexpr std::chrono::milliseconds kRetryFirst{100};
constexpr std::chrono::milliseconds kRetryMax{10'000};
// A few tombstones are not worth a delete file in every round: about one in
// ten minutes.
constexpr int kIdleRoundsMax = 120;

}  // namespace

struct ChannelWriter::AttemptCall {
  internal::BeginAttemptRequest request;
  internal::BeginAttemptReply reply;
};

struct ChannelWriter::SegmentCommit {
  ClosedJob job;
  internal::CommitSegmentRequest request;
  internal::Empty reply;
};

struct ChannelWriter::CheckpointCommit {
  segment::SealPoint point;
  storage::Position previous;
  base::Timestamp previous_clock;
  segment::TombstoneBatches tombstones;
  internal::CommitCheckpointRequest request;
  internal::Empty reply;
};

ChannelWriter::ChannelWriter(const Dependencies& dependencies,
                             const internal::ChannelAssignment& assignment,
                             std::shared_ptr<segment::VchannelTail> tail)
    : deps_(dependencies),
      collection_(assignment.collection()),
      shard_(assignment.channel().shard()),
      tail_(std::move(tail)),
      checkpoint_(
          storage::Position::FromBytes(assignment.channel().checkpoint())),
      checkpoint_clock_{assignment.channel().clock()} {}

void ChannelWriter::Start() {
  tail_->AddListener(
      segment::TailUser::kDataNode, shared_from_this(),
      [self = shared_from_this()](const segment::VchannelTail::Joined& joined) {
        for (const auto& closed : joined.closed) {
          self->OnSegmentClosed(closed.segment, closed.next);
        }
      });
}

void ChannelWriter::Stop(base::Done done) {
  tail_->RemoveListener(segment::TailUser::kDataNode, nullptr);
  {
    base::MutexLock lock(mutex_);
    stopped_ = true;
    jobs_.clear();
    if (running_ && !pausing_) {
      stop_done_ = std::move(done);
      return;
    }
  }
  done(absl::OkStatus());
}

void ChannelWriter::OnSegmentClosed(
    const std::shared_ptr<segment::GrowingSegment>& segment,
    const storage::Position& next) {
  {
    base::MutexLock lock(mutex_);
    closed_[segment->id()] = next;
  }
  Enqueue(ClosedJob{segment, next});
}

void ChannelWriter::OnSealPoint(const segment::SealPoint& point) {
  Enqueue(point);
}

void ChannelWriter::OnPartitionDropped(base::PartitionId partition) {
  {
    base::MutexLock lock(mutex_);
    // The job at the front may be running: FinishJob takes it away.
    const auto begin = jobs_.begin() + (running_ && !jobs_.empty() ? 1 : 0);
    const auto is_dropped = [&](const Job& job) {
      const auto* closed = std::get_if<ClosedJob>(&job);
      if (closed == nullptr || closed->segment->partition() != partition) {
        return false;
      }
      closed_.erase(closed->segment->id());
      return true;
    };
    jobs_.erase(std::remove_if(begin, jobs_.end(), is_dropped), jobs_.end());
  }
  Enqueue(DropJob{partition});
}

void ChannelWriter::OnCollectionDropped() {
  base::MutexLock lock(mutex_);
  jobs_.erase(jobs_.begin() + (running_ && !jobs_.empty() ? 1 : 0),
              jobs_.end());
}

bool ChannelWriter::IsBehind() const {
  if (tail_->unwritten().rows > 0) return false;
  base::MutexLock lock(mutex_);
  return !running_ && !stopped_ && jobs_.empty() &&
         tail_->applied() != checkpoint_;
}

void ChannelWriter::MoveIfIdle() {
  if (tail_->unwritten().rows > 0) return;
  {
    base::MutexLock lock(mutex_);
    if (tail_->tombstones().rows() > 0 && ++idle_rounds_ < kIdleRoundsMax) {
      return;
    }
    idle_rounds_ = 0;
  }
  tail_->TrySealPoint(
      [self = shared_from_this()](std::optional<segment::SealPoint> point) {
        if (point.has_value()) self->Enqueue(*std::move(point));
      });
}

void ChannelWriter::Enqueue(Job job) {
  {
    base::MutexLock lock(mutex_);
    if (stopped_) return;
    // Of two seal points with nothing between them the later one is enough;
    // the one at the front may be running.
    if (jobs_.size() > 1 && std::holds_alternative<segment::SealPoint>(job) &&
        std::holds_alternative<segment::SealPoint>(jobs_.back())) {
      jobs_.back() = std::move(job);
      return;
    }
    jobs_.push_back(std::move(job));
    if (running_) return;
    running_ = true;
  }
  deps_.background.Submit([self = shared_from_this()] { self->RunNext(); });
}

// The job stays at the front until it has succeeded: what comes behind it
// must not overtake it.
void ChannelWriter::RunNext() {
  std::optional<Job> job;
  base::Done stopped;
  {
    base::MutexLock lock(mutex_);
    pausing_ = false;
    if (!jobs_.empty()) {
      job = jobs_.front();
    } else {
      running_ = false;
      stopped = std::move(stop_done_);
    }
  }
  if (!job.has_value()) {
    if (stopped) stopped(absl::OkStatus());
    return;
  }
  if (const auto* closed = std::get_if<ClosedJob>(&*job)) {
    WriteClosed(*closed);
  } else if (const auto* drop = std::get_if<DropJob>(&*job)) {
    DropData(drop->partition);
  } else {
    WriteCheckpoint(std::get<segment::SealPoint>(*job));
  }
}

void ChannelWriter::FinishJob(const absl::Status& status) {
  std::chrono::milliseconds delay{0};
  {
    base::MutexLock lock(mutex_);
    if (status.ok()) {
      failures_ = 0;
      // Empty if the collection was dropped or the writer stopped meanwhile.
      if (!jobs_.empty()) jobs_.pop_front();
    } else if (!stopped_) {
      delay = std::min(kRetryMax, kRetryFirst * (1 << std::min(failures_, 7)));
      ++failures_;
      pausing_ = true;
    }
  }
  auto next = [self = shared_from_this()] { self->RunNext(); };
  if (delay.count() == 0) return deps_.background.Submit(std::move(next));
  LOG_WARN("collection {} shard {}: {}; trying again in {} ms",
           collection_.id(), shard_, base::MessageOf(status), delay.count());
  deps_.timer.After(delay, std::move(next));
}

void ChannelWriter::GiveUp(std::int64_t attempt, const absl::Status& status) {
  struct Call {
    internal::EndAttemptRequest request;
    internal::Empty reply;
  };
  auto call = std::make_shared<Call>();
  call->request.set_attempt_id(attempt);
  deps_.data_coord.EndAttempt(
      base::OpContext(), call->request, &call->reply,
      [self = shared_from_this(), call, status](const absl::Status& ended) {
        base::LogIfError(ended, "ended at the next start");
        self->FinishJob(status);
      });
}

void ChannelWriter::DropData(base::PartitionId partition) {
  struct Call {
    internal::PartitionIdRequest request;
    internal::Empty reply;
  };
  auto call = std::make_shared<Call>();
  call->request.set_collection_id(collection_.id());
  call->request.set_partition_id(base::ToInt(partition));
  deps_.data_coord.DropPartition(
      base::OpContext(), call->request, &call->reply,
      [self = shared_from_this(), call](const absl::Status& status) {
        self->FinishJob(status);
      });
}

void ChannelWriter::WithAttempt(
    internal::AttemptKind kind,
    absl::AnyInvocable<void(absl::StatusOr<std::int64_t>)> use) {
  auto call = std::make_shared<AttemptCall>();
  call->request.set_kind(kind);
  call->request.set_collection_id(collection_.id());
  deps_.data_coord.BeginAttempt(
      base::OpContext(), call->request, &call->reply,
      [call, self = shared_from_this(),
       use = std::move(use)](absl::Status status) mutable {
        if (!status.ok()) return use(std::move(status));
        // Files are written on the background executor, whoever answers.
        self->deps_.background.Submit(
            [id = call->reply.attempt_id(), use = std::move(use)]() mutable {
              use(id);
            });
      });
}

void ChannelWriter::WriteClosed(const ClosedJob& job) {
  WithAttempt(
      internal::ATTEMPT_SEGMENT,
      [self = shared_from_this(), job](absl::StatusOr<std::int64_t> attempt) {
        if (!attempt.ok()) return self->FinishJob(attempt.status());
        const Sources sources = {job.segment};
        auto rows = RowsByKey(sources);
        if (!rows.ok()) return self->GiveUp(*attempt, rows.status());
        auto commit = std::make_shared<SegmentCommit>();
        commit->job = job;
        auto meta = WriteSegment(self->deps_.objects,
                                 {.collection = self->collection_,
                                  .schema = *job.segment->schema(),
                                  .shard = self->shard_,
                                  .partition = job.segment->partition(),
                                  .segment = job.segment->id(),
                                  .attempt = base::AttemptId{*attempt},
                                  .sources = sources,
                                  .rows = *rows,
                                  .folded = {},
                                  .synced_to = job.next,
                                  .deletes_to = {},
                                  .history_from = {}});
        if (!meta.ok()) {
          return self->GiveUp(*attempt,
                              base::Annotate(meta.status(), "write segment {}",
                                             base::ToInt(job.segment->id())));
        }
        commit->request.set_attempt_id(*attempt);
        *commit->request.mutable_segment() = *std::move(meta);
        self->CommitClosed(std::move(commit));
      });
}

void ChannelWriter::CommitClosed(std::shared_ptr<SegmentCommit> commit) {
  deps_.data_coord.CommitSegment(
      base::OpContext(), commit->request, &commit->reply,
      [self = shared_from_this(), commit](const absl::Status& status) {
        if (status.ok()) {
          const base::SegmentId id = commit->job.segment->id();
          {
            base::MutexLock lock(self->mutex_);
            self->closed_.erase(id);
            self->written_.insert(id);
          }
          self->tail_->ReleaseSegment(id, segment::TailUser::kDataNode);
          return self->FinishJob(status);
        }
        self->GiveUp(commit->request.attempt_id(), status);
      });
}

void ChannelWriter::WriteCheckpoint(const segment::SealPoint& point) {
  auto commit = std::make_shared<CheckpointCommit>();
  commit->point = point;
  {
    base::MutexLock lock(mutex_);
    commit->previous = checkpoint_;
    commit->previous_clock = checkpoint_clock_;
  }
  internal::CommitCheckpointRequest& request = commit->request;
  request.set_collection_id(collection_.id());
  request.set_shard(shard_);
  request.set_previous_checkpoint(commit->previous.Encode());
  request.set_checkpoint(point.position.Encode());
  request.set_replay_state(point.replay_state);
  request.set_clock(point.clock.value);
  absl::StatusOr<segment::TombstoneBatches> tombstones =
      tail_->tombstones().Between(commit->previous_clock, point.clock);
  if (!tombstones.ok()) return FinishJob(tombstones.status());
  commit->tombstones = *std::move(tombstones);
  if (commit->tombstones.empty()) return CommitCheckpoint(std::move(commit));
  WithAttempt(internal::ATTEMPT_CHECKPOINT,
              [self = shared_from_this(),
               commit](absl::StatusOr<std::int64_t> attempt) {
                if (!attempt.ok()) return self->FinishJob(attempt.status());
                commit->request.set_attempt_id(*attempt);
                const absl::Status written = self->WriteDeleteFile(*commit);
                if (!written.ok()) {
                  return self->GiveUp(
                      *attempt, base::Annotate(written, "write delete file"));
                }
                self->CommitCheckpoint(commit);
              });
}

absl::Status ChannelWriter::WriteDeleteFile(CheckpointCommit& commit) {
  segment::DeleteFileBuilder builder(
      {.vchannel = tail_->key(),
       .key_type = tail_->schema()->primary_key().type,
       .from = commit.previous,
       .to = commit.point.position});
  for (const auto& batch : commit.tombstones) builder.Add(batch->run());
  ASSIGN_OR_RETURN(*commit.request.mutable_delete_file(),
                   WriteDeletes(deps_.objects, builder,
                                base::AttemptId{commit.request.attempt_id()}));
  return absl::OkStatus();
}

void ChannelWriter::CommitCheckpoint(std::shared_ptr<CheckpointCommit> commit) {
  deps_.data_coord.CommitCheckpoint(
      base::OpContext(), commit->request, &commit->reply,
      [self = shared_from_this(), commit](const absl::Status& status) {
        if (status.ok()) {
          {
            base::MutexLock lock(self->mutex_);
            self->checkpoint_ = commit->point.position;
            self->checkpoint_clock_ = commit->point.clock;
          }
          self->tail_->tombstones().Trim(commit->point.clock);
        } else if (commit->request.attempt_id() != 0) {
          return self->GiveUp(commit->request.attempt_id(), status);
        }
        self->FinishJob(status);
      });
}

internal::ChannelState ChannelWriter::State() const {
  internal::ChannelState state;
  state.set_collection_id(collection_.id());
  state.set_shard(shard_);
  state.set_applied(tail_->applied().Encode());
  state.set_clock(tail_->clock().value);
  state.set_unwritten_bytes(
      static_cast<std::int64_t>(tail_->unwritten().bytes));
  state.set_tombstones(static_cast<std::int64_t>(tail_->tombstones().rows()));
  base::MutexLock lock(mutex_);
  const std::shared_ptr<const segment::GrowingList> growing = tail_->growing();
  absl::flat_hash_set<base::SegmentId> here;
  for (const auto& segment : *growing) here.insert(segment->id());
  absl::erase_if(written_,
                 [&here](base::SegmentId id) { return !here.contains(id); });
  state.set_checkpoint(checkpoint_.Encode());
  for (const auto& segment : *growing) {
    if (written_.contains(segment->id())) continue;
    internal::ChannelState::Growing* info = state.add_growing();
    info->set_segment_id(base::ToInt(segment->id()));
    info->set_partition_id(base::ToInt(segment->partition()));
    info->set_rows(static_cast<std::int64_t>(segment->rows()));
    info->set_bytes(static_cast<std::int64_t>(segment->memory_bytes()));
    info->set_opened_at_ms(segment->min_at().ms());
    info->set_last_write_ms(segment->max_at().ms());
    if (const auto it = closed_.find(segment->id()); it != closed_.end()) {
      info->set_closed(true);
      info->set_closed_at(it->second.Encode());
    }
  }
  return state;
}

}  // namespace elanus::worker

// Merging segments: planned here, carried out by a data node, committed here
// by one transaction that expects every input to be as it was.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "coordinator/data/compaction_candidates.h"
#include "coordinator/data/compaction_plan.h"
#include "coordinator/data/data_coordinator.h"

namespace elanus::coordinator {
namespace {

constexpr std::size_t kCompactionsKept = 1024;  // for GetCompactionState
constexpr std::int64_t kMegabyte = std::int64_t{1} << 20;

}  // namespace

struct DataCoordinator::CompactionRun {
  std::shared_ptr<Compaction> compaction;
  std::size_t plan = 0;
  std::int64_t collection_id = 0;
  std::int64_t attempt_id = 0;
  std::int64_t output_id = 0;
  std::vector<Ref<internal::SegmentMeta>> inputs;
  internal::CompactRequest request;
  internal::CompactReply reply;
};

base::Timestamp DataCoordinator::KeptFrom() const {
  return base::Timestamp::FromMs(deps_.clock.WallMs() -
                                 deps_.config.retention_s * 1000);
}

std::shared_ptr<DataCoordinator::Compaction> DataCoordinator::StartCompaction(
    std::int64_t collection_id, std::int64_t partition_id, bool forced) {
  std::vector<CompactionCandidate> candidates =
      ListCandidates(LiveSegments(collection_id),
                     meta_.List<internal::ChannelMeta>(
                         keys::ChannelsOf(base::CollectionId{collection_id})),
                     KeptFrom());
  auto compaction = std::make_shared<Compaction>();
  const std::int64_t now = deps_.clock.MonotonicNs();
  base::MutexLock lock(mutex_);
  std::erase_if(candidates, [&](const CompactionCandidate& candidate) {
    return compacting_.contains(candidate.segment) ||
           (!forced && compaction_pauses_.IsPaused(candidate.segment, now)) ||
           (partition_id != 0 && candidate.partition != partition_id);
  });
  for (auto& inputs : PlanCompactions(
           candidates,
           {.segment_bytes_max = deps_.config.segment_max_mb * kMegabyte,
           .forced = forced})) {
    compacting_.insert(inputs.begin(), inputs.end());
    compaction->plans.push_back({.inputs = std::move(inputs)});
  }
  return compaction;
}

void DataCoordinator::RunPlan(std::shared_ptr<Compaction> compaction,
                              std::size_t plan, std::int64_t collection_id) {
  auto run = std::make_shared<CompactionRun>();
  run->compaction = std::move(compaction);
  run->plan = plan;
  run->collection_id = collection_id;
  WithId([this, run](absl::StatusOr<std::int64_t> attempt) {
    if (!attempt.ok()) return FinishPlan(run, attempt.status());
    run->attempt_id = *attempt;
    WithId([this, run](absl::StatusOr<std::int64_t> output) {
      if (!output.ok()) return FinishPlan(run, output.status());
      run->output_id = *output;
      deps_.background.Submit([this, run] {
        const absl::Status prepared = PreparePlan(*run);
        if (!prepared.ok()) return FinishPlan(run, prepared);
        deps_.data_node.Compact(base::OpContext(), run->request, &run->reply,
                                [this, run](absl::Status status) {
                                  if (!status.ok())
                                    return FinishPlan(run, status);
                                  deps_.background.Submit([this, run] {
                                    FinishPlan(run, CommitPlan(*run));
                                  });
                                });
      });
    });
  });
}

absl::Status DataCoordinator::PreparePlan(CompactionRun& run) {
  ASSIGN_OR_RETURN(const CollectionRef collection,
                   GetCollection(run.collection_id));
  const base::CollectionId id{run.collection_id};
  for (const std::int64_t input : run.compaction->plans[run.plan].inputs) {
    Ref<internal::SegmentMeta> segment = meta_.Find<internal::SegmentMeta>(
        keys::Segment(id, base::SegmentId{input}));
    if (segment == nullptr ||
        segment->message.state() != internal::SEGMENT_FLUSHED) {
      return base::Error(base::ErrorCode::kSegmentNotFound,
                         "segment not found[segment={}]: dropped before its "
                         "compaction began",
                         input);
    }
    *run.request.add_inputs() = segment->message;
    run.inputs.push_back(std::move(segment));
  }
  const internal::SegmentMeta& first = run.inputs.front()->message;
  const Ref<internal::ChannelMeta> channel =
      meta_.Find<internal::ChannelMeta>(keys::Channel(id, first.shard()));
  if (channel == nullptr) {
    return base::Error(base::ErrorCode::kChannelNotFound,
                       "channel not found: collection {}, shard {}",
                       run.collection_id, first.shard());
  }
  // Rows whose tombstone lies within the retention stay, so that reads that
  // are pinned there go on being exact (history_from).
  run.request.set_attempt_id(run.attempt_id);
  run.request.set_target_segment_id(run.output_id);
  *run.request.mutable_collection() = *collection;
  run.request.set_shard(first.shard());
  run.request.set_partition_id(first.partition_id());
  *run.request.mutable_delete_files() = channel->message.delete_files();
  run.request.set_drop_to(std::min(channel->message.clock(), KeptFrom().value));
  run.request.set_fold_to(channel->message.clock());
  return RegisterAttempt(run.attempt_id, internal::ATTEMPT_COMPACTION,
                         run.collection_id);
}

// Deletes that came meanwhile need no care: whoever loads the output applies
// every tombstone later than its deletes_to.
absl::Status DataCoordinator::CommitPlan(const CompactionRun& run) {
  const base::CollectionId id{run.collection_id};
  const std::string attempt = keys::Attempt(base::AttemptId{run.attempt_id});
  const internal::SegmentMeta& output = run.reply.output();
  const std::string channel_key = keys::Channel(id, run.request.shard());
  MetaChange change;
  change.ExpectExists(attempt);
  change.ExpectExists(channel_key);
  change.Delete<internal::AttemptMeta>(attempt);
  for (const Ref<internal::SegmentMeta>& input : run.inputs) {
    internal::SegmentMeta replaced = input->message;
    replaced.set_state(internal::SEGMENT_REPLACED);
    replaced.set_replaced_at(static_cast<std::uint64_t>(deps_.clock.WallMs()));
    change.Expect(*input);
    change.Put(input->key, std::move(replaced));
  }
  if (output.rows() > 0) {
    const std::string key = keys::Segment(id, base::SegmentId{output.id()});
    change.ExpectAbsent(key);
    internal::SegmentMeta made = output;
    for (const Ref<internal::SegmentMeta>& input : run.inputs) {
      made.add_made_from(input->message.id());
    }
    change.Put(key, std::move(made));
  }
  ASSIGN_OR_RETURN(const bool committed, meta_.Commit(std::move(change)));
  if (!committed) {
    return base::Error(base::ErrorCode::kUnexpected,
                       "an input of the compaction was dropped meanwhile: "
                       "nothing was committed");
  }
  // It is done: what fails from here on is made up for later.
  NotifyTarget(run.collection_id, run.request.shard());
  for (const Ref<internal::SegmentMeta>& input : run.inputs) {
    base::LogIfError(
        DeleteAll<internal::SegmentIndexMeta>(
            keys::SegmentIndexesOf(id, base::SegmentId{input->message.id()})),
        "swept by the next round of the tasks");
  }
  if (output.rows() > 0) {
    base::LogIfError(MakeTasks(output), "made by the next round of the tasks");
  }
  const Ref<internal::ChannelMeta> channel =
      meta_.Find<internal::ChannelMeta>(channel_key);
  if (channel != nullptr) {
    ForgetReplaced(channel->message);
    base::LogIfError(ForgetDeleteFiles(*channel),
                     "the next compaction tries again");
  }
  ScheduleTasks();
  return absl::OkStatus();
}

void DataCoordinator::FinishPlan(const std::shared_ptr<CompactionRun>& run,
                                 const absl::Status& status) {
  if (!status.ok()) {
    LOG_WARN("compaction of collection {}: {}", run->collection_id,
             base::MessageOf(status));
  }
  {
    const std::int64_t now = deps_.clock.MonotonicNs();
    base::MutexLock lock(mutex_);
    CompactionPlan& plan = run->compaction->plans[run->plan];
    plan.state = status.ok() ? CompactionPlan::State::kCompleted
                             : CompactionPlan::State::kFailed;
    plan.output = run->reply.output().id();
    for (const std::int64_t input : plan.inputs) {
      compacting_.erase(input);
      if (status.ok()) {
        compaction_pauses_.Succeeded(input);
      } else {
        compaction_pauses_.Failed(input, now);
      }
    }
  }
  if (!status.ok() && run->attempt_id != 0) {
    deps_.background.Submit([this, id = run->attempt_id] {
      base::LogIfError(DeleteAttempt(id),
                       "ended by the next round of the garbage");
    });
  }
}

void DataCoordinator::ManualCompaction(
    const base::OpContext&, const internal::ManualCompactionRequest& request,
    internal::ManualCompactionReply* reply, base::Done done) {
  WithId([this, collection_id = request.collection_id(),
          partition_id = request.partition_id(), reply,
          done = std::move(done)](absl::StatusOr<std::int64_t> id) mutable {
    if (!id.ok()) return done(id.status());
    const auto collection = GetCollection(collection_id);
    if (!collection.ok()) return done(collection.status());
    const auto compaction =
        StartCompaction(collection_id, partition_id, /*forced=*/true);
    compaction->id = *id;
    {
      base::MutexLock lock(mutex_);
      compactions_[*id] = compaction;
      if (compactions_.size() > kCompactionsKept) {
        compactions_.erase(compactions_.begin());
      }
    }
    const std::size_t plans = compaction->plans.size();
    reply->set_compaction_id(*id);
    reply->set_plan_count(static_cast<std::int32_t>(plans));
    for (std::size_t plan = 0; plan < plans; ++plan) {
      RunPlan(compaction, plan, collection_id);
    }
    done(absl::OkStatus());
  });
}

void DataCoordinator::GetCompactionState(
    const base::OpContext&, const internal::CompactionIdRequest& request,
    internal::GetCompactionStateReply* reply, base::Done done) {
  base::MutexLock lock(mutex_);
  const auto it = compactions_.find(request.compaction_id());
  reply->set_known(it != compactions_.end());
  std::int64_t running = 0;
  if (it != compactions_.end()) {
    for (const CompactionPlan& plan : it->second->plans) {
      switch (plan.state) {
        case CompactionPlan::State::kRunning:
          ++running;
          break;
        case CompactionPlan::State::kCompleted:
          reply->set_completed_plans(reply->completed_plans() + 1);
          break;
        case CompactionPlan::State::kFailed:
          reply->set_failed_plans(reply->failed_plans() + 1);
          break;
      }
      internal::CompactionMerge* merge = reply->add_merges();
      merge->mutable_sources()->Assign(plan.inputs.begin(), plan.inputs.end());
      merge->set_target(plan.output);
    }
  }
  reply->set_executing_plans(running);
  reply->set_completed(running == 0);
  done(absl::OkStatus());
}

void DataCoordinator::CompactAll() {
  std::vector<std::int64_t> ids;
  {
    base::MutexLock lock(mutex_);
    for (const auto& [id, collection] : collections_) ids.push_back(id);
  }
  for (const std::int64_t id : ids) {
    const auto compaction =
        StartCompaction(id, /*partition_id=*/0, /*forced=*/false);
    for (std::size_t plan = 0; plan < compaction->plans.size(); ++plan) {
      RunPlan(compaction, plan, id);
    }
    TendDeleteFiles(id);
  }
}

}  // namespace elanus::coordinator

// Delete files of a vchannel: forgotten when no segment needs them, merged
// while they are small. So the channel's record stays small, and who loads a
// segment opens few files.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "coordinator/data/compaction_candidates.h"
#include "coordinator/data/data_coordinator.h"

namespace elanus::coordinator {

struct DataCoordinator::DeleteMergeRun {
  std::string channel_key;
  std::int64_t attempt_id = 0;
  internal::MergeDeletesRequest request;
  internal::MergeDeletesReply reply;
};

void DataCoordinator::TendDeleteFiles(std::int64_t collection_id) {
  for (const Ref<internal::ChannelMeta>& channel :
       meta_.List<internal::ChannelMeta>(
           keys::ChannelsOf(base::CollectionId{collection_id}))) {
    if (channel->message.delete_files().empty()) continue;
    deps_.background.Submit([this, channel] {
      base::LogIfError(ForgetDeleteFiles(*channel), "the next round forgets");
      MergeDeletes(channel->key);
    });
  }
}

// A delete file goes when every segment with rows that it could hide has its
// tombstones folded in.
absl::Status DataCoordinator::ForgetDeleteFiles(
    const Record<internal::ChannelMeta>& channel) {
  const auto live = LiveSegments(channel.message.collection_id());
  internal::ChannelMeta kept = channel.message;
  kept.clear_delete_files();
  for (const auto& file : channel.message.delete_files()) {
    const bool is_needed = std::ranges::any_of(live, [&](const auto& segment) {
      return segment->message.shard() == channel.message.shard() &&
             IsPending(file, segment->message);
    });
    if (is_needed) *kept.add_delete_files() = file;
  }
  if (kept.delete_files_size() == channel.message.delete_files_size()) {
    return absl::OkStatus();
  }
  MetaChange change;
  change.Expect(channel);
  change.Put(channel.key, std::move(kept));
  // Lost against a checkpoint: the next round tries again.
  return meta_.Commit(std::move(change)).status();
}

void DataCoordinator::MergeDeletes(const std::string& channel_key) {
  const Ref<internal::ChannelMeta> channel =
      meta_.Find<internal::ChannelMeta>(channel_key);
  if (channel == nullptr || stopping_.load()) return;
  std::vector<std::uint64_t> counts;
  for (const auto& file : channel->message.delete_files()) {
    counts.push_back(file.count());
  }
  const std::size_t merged = PlanDeleteMerge(counts);
  if (merged == 0) return;
  {
    const std::int64_t now = deps_.clock.MonotonicNs();
    base::MutexLock lock(mutex_);
    if (merge_pauses_.IsPaused(channel_key, now) ||
        !merging_deletes_.insert(channel_key).second) {
      return;
    }
  }
  auto run = std::make_shared<DeleteMergeRun>();
  run->channel_key = channel_key;
  run->request.set_collection_id(channel->message.collection_id());
  run->request.set_shard(channel->message.shard());
  const auto& files = channel->message.delete_files();
  for (auto it = files.end() - static_cast<std::ptrdiff_t>(merged);
       it != files.end(); ++it) {
    *run->request.add_files() = *it;
  }
  WithId([this, run](absl::StatusOr<std::int64_t> attempt) {
    if (!attempt.ok()) return FinishMerge(run, attempt.status());
    run->attempt_id = *attempt;
    run->request.set_attempt_id(*attempt);
    deps_.background.Submit([this, run] {
      const absl::Status registered =
          RegisterAttempt(run->attempt_id, internal::ATTEMPT_COMPACTION,
                          run->request.collection_id());
      if (!registered.ok()) return FinishMerge(run, registered);
      deps_.data_node.MergeDeletes(base::OpContext(), run->request, &run->reply,
                                   [this, run](absl::Status status) {
                                     if (!status.ok())
                                       return FinishMerge(run, status);
                                     deps_.background.Submit([this, run] {
                                       FinishMerge(run, CommitMerge(*run));
                                     });
                                   });
    });
  });
}

namespace {

// The record with `merged` in the place of `inputs`; false if they do not
// stand there together any more.
bool ReplaceFiles(
    const google::protobuf::RepeatedPtrField<internal::DeleteFileMeta>& inputs,
    const internal::DeleteFileMeta& merged, internal::ChannelMeta& channel) {
  auto& files = *channel.mutable_delete_files();
  const auto is_first = [&](const internal::DeleteFileMeta& file) {
    return file.object().name() == inputs[0].object().name();
  };
  const auto first = std::find_if(files.begin(), files.end(), is_first);
  if (files.end() - first < inputs.size()) return false;
  for (int i = 0; i < inputs.size(); ++i) {
    if ((first + i)->object().name() != inputs[i].object().name()) return false;
  }
  *first = merged;
  files.erase(first + 1, first + inputs.size());
  return true;
}

}  // namespace

// A checkpoint may add a file meanwhile: then the record is read again.
absl::Status DataCoordinator::CommitMerge(const DeleteMergeRun& run) {
  const std::string attempt = keys::Attempt(base::AttemptId{run.attempt_id});
  while (true) {
    const Ref<internal::ChannelMeta> channel =
        meta_.Find<internal::ChannelMeta>(run.channel_key);
    const bool is_alive = meta_.Find<internal::AttemptMeta>(attempt) != nullptr;
    internal::ChannelMeta changed;
    if (channel != nullptr) changed = channel->message;
    if (channel == nullptr || !is_alive ||
        !ReplaceFiles(run.request.files(), run.reply.merged(), changed)) {
      return base::Error(base::ErrorCode::kUnexpected,
                         "the delete files of channel {} changed while they "
                         "were merged: nothing was committed",
                         run.channel_key);
    }
    MetaChange change;
    change.Expect(*channel);
    change.ExpectExists(attempt);
    change.Put(channel->key, std::move(changed));
    change.Delete<internal::AttemptMeta>(attempt);
    ASSIGN_OR_RETURN(const bool committed, meta_.Commit(std::move(change)));
    if (!committed) continue;
    NotifyTarget(run.request.collection_id(), run.request.shard());
    return absl::OkStatus();
  }
}

void DataCoordinator::FinishMerge(const std::shared_ptr<DeleteMergeRun>& run,
                                  const absl::Status& status) {
  base::LogIfError(status, "the delete files stay as they are");
  {
    const std::int64_t now = deps_.clock.MonotonicNs();
    base::MutexLock lock(mutex_);
    merging_deletes_.erase(run->channel_key);
    if (status.ok()) {
      merge_pauses_.Succeeded(run->channel_key);
    } else {
      merge_pauses_.Failed(run->channel_key, now);
    }
  }
  if (!status.ok() && run->attempt_id != 0) {
    deps_.background.Submit([this, id = run->attempt_id] {
      base::LogIfError(DeleteAttempt(id),
                       "ended by the next round of the garbage");
    });
  }
}

}  // namespace elanus::coordinator

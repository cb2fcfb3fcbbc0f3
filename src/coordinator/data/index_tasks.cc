// Building indexes: a task for each index and segment, given to the index node
// under an attempt; only the attempt that the task names may commit.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "coordinator/data/data_coordinator.h"

namespace elanus::coordinator {
namespace {

// One build uses all threads that there are for builds; a second one would
// only take memory.
constexpr std::size_t kBuildsAtOnce = 1;
constexpr std::int32_t kTriesMax = 3;
constexpr std::chrono::milliseconds kRetryDelay{1000};

struct BuildCall {
  internal::SegmentIndexMeta task;
  internal::BuildIndexRequest request;
  internal::Empty reply;
};

}  // namespace

// FLAT is the column itself, scalar fields are scanned, and of few rows a scan
// is faster than any index.
bool DataCoordinator::NeedsBuild(const internal::IndexMeta& index,
                                 const internal::SegmentMeta& segment) const {
  return !index.metric_type().empty() && index.index_type() != "FLAT" &&
         segment.rows() >= deps_.config.index_min_rows;
}

absl::Status DataCoordinator::MakeTasks(const internal::IndexMeta& index) {
  for (const Ref<internal::SegmentMeta>& segment :
       LiveSegments(index.collection_id())) {
    RETURN_IF_ERROR(MakeTask(index, segment->message));
  }
  return absl::OkStatus();
}

absl::Status DataCoordinator::MakeTasks(const internal::SegmentMeta& segment) {
  for (const Ref<internal::IndexMeta>& index : meta_.List<internal::IndexMeta>(
           keys::IndexesOf(base::CollectionId{segment.collection_id()}))) {
    RETURN_IF_ERROR(MakeTask(index->message, segment));
  }
  return absl::OkStatus();
}

absl::Status DataCoordinator::MakeTask(const internal::IndexMeta& index,
                                       const internal::SegmentMeta& segment) {
  if (!NeedsBuild(index, segment)) return absl::OkStatus();
  const base::CollectionId collection{segment.collection_id()};
  const std::string key = keys::SegmentIndex(
      collection, base::SegmentId{segment.id()}, base::IndexId{index.id()});
  if (meta_.Find<internal::SegmentIndexMeta>(key) != nullptr) {
    return absl::OkStatus();
  }
  internal::SegmentIndexMeta task;
  task.set_collection_id(segment.collection_id());
  task.set_segment_id(segment.id());
  task.set_index_id(index.id());
  task.set_field_id(index.field_id());
  task.set_rows(segment.rows());
  MetaChange change;
  change.ExpectAbsent(key);
  change.ExpectExists(keys::Index(collection, base::IndexId{index.id()}));
  change.ExpectExists(keys::Segment(collection, base::SegmentId{segment.id()}));
  change.Put(key, std::move(task));
  // A compare that fails: it is there, or there is nothing to build any more.
  return meta_.Commit(std::move(change)).status();
}

// A record that cannot be written when it should be is made up for here, at
// start and again and again. A build is in running_tasks_ before its task is
// in progress and until that has ended; a task that ends just now is not as it
// was read any more.
absl::Status DataCoordinator::MendTasks() {
  RETURN_IF_ERROR(meta_.Refresh());
  for (const Ref<internal::SegmentIndexMeta>& task :
       meta_.List<internal::SegmentIndexMeta>(keys::kSegmentIndexes)) {
    const base::CollectionId collection{task->message.collection_id()};
    const Ref<internal::SegmentMeta> segment =
        meta_.Find<internal::SegmentMeta>(keys::Segment(
            collection, base::SegmentId{task->message.segment_id()}));
    const bool is_orphan =
        segment == nullptr ||
        segment->message.state() != internal::SEGMENT_FLUSHED ||
        meta_.Find<internal::IndexMeta>(keys::Index(
            collection, base::IndexId{task->message.index_id()})) == nullptr;
    MetaChange change;
    change.Expect(*task);
    if (is_orphan) {
      change.Delete<internal::SegmentIndexMeta>(task->key);
    } else if (task->message.state() == internal::INDEX_IN_PROGRESS &&
               !IsRunning(task->key)) {
      internal::SegmentIndexMeta again = task->message;
      again.set_state(internal::INDEX_UNISSUED);
      again.set_attempt_id(0);
      change.Put(task->key, std::move(again));
    } else {
      continue;
    }
    RETURN_IF_ERROR(meta_.Commit(std::move(change)).status());
  }
  for (const Ref<internal::IndexMeta>& index :
       meta_.List<internal::IndexMeta>(keys::kIndexes)) {
    RETURN_IF_ERROR(MakeTasks(index->message));
  }
  return absl::OkStatus();
}

bool DataCoordinator::IsRunning(const std::string& task_key) const {
  base::MutexLock lock(mutex_);
  return running_tasks_.contains(task_key);
}

void DataCoordinator::TaskTick() {
  {
    base::MutexLock lock(mutex_);
    if (mending_tasks_) return;
    mending_tasks_ = true;
  }
  deps_.background.Submit([this] {
    base::LogIfError(MendTasks(), "the next round mends the tasks");
    {
      base::MutexLock lock(mutex_);
      mending_tasks_ = false;
    }
    ScheduleTasks();
  });
}

void DataCoordinator::ScheduleTasks() {
  if (deps_.index_node == nullptr || stopping_.load()) return;
  std::vector<Ref<internal::SegmentIndexMeta>> tasks =
      meta_.List<internal::SegmentIndexMeta>(keys::kSegmentIndexes);
  // Small ones first: they are over soon, and new rows wait for them.
  std::ranges::stable_sort(
      tasks, {}, [](const auto& task) { return task->message.rows(); });
  for (const Ref<internal::SegmentIndexMeta>& task : tasks) {
    if (task->message.state() != internal::INDEX_UNISSUED) continue;
    {
      base::MutexLock lock(mutex_);
      if (running_tasks_.size() >= kBuildsAtOnce) return;
      if (!running_tasks_.insert(task->key).second) continue;
    }
    RunTask(task);
  }
}

void DataCoordinator::RunTask(Ref<internal::SegmentIndexMeta> task) {
  WithId([this, task](absl::StatusOr<std::int64_t> id) {
    if (!id.ok()) return FinishTask(task->message, id.status());
    deps_.background.Submit([this, task, id = *id] {
      auto call = std::make_shared<BuildCall>();
      call->task = task->message;
      call->task.set_state(internal::INDEX_IN_PROGRESS);
      call->task.set_attempt_id(id);
      call->task.set_tries(task->message.tries() + 1);
      absl::Status registered = RegisterAttempt(id, internal::ATTEMPT_INDEX,
                                                task->message.collection_id());
      if (!registered.ok()) return FinishTask(call->task, registered);
      MetaChange change;
      change.Expect(*task);
      change.Put(task->key, call->task);
      const absl::StatusOr<bool> issued = meta_.Commit(std::move(change));
      const base::CollectionId collection{task->message.collection_id()};
      const auto segment = meta_.Find<internal::SegmentMeta>(keys::Segment(
          collection, base::SegmentId{task->message.segment_id()}));
      const auto index = meta_.Find<internal::IndexMeta>(
          keys::Index(collection, base::IndexId{task->message.index_id()}));
      const CollectionRef described =
          FindCollection(task->message.collection_id());
      if (!issued.ok() || !*issued || segment == nullptr || index == nullptr ||
          described == nullptr) {
        // Dropped meanwhile: nothing to build.
        base::LogIfError(DeleteAttempt(id),
                         "ended by the next round of the garbage");
        return FinishTask(call->task, issued.status());
      }
      call->request.set_attempt_id(id);
      *call->request.mutable_segment() = segment->message;
      *call->request.mutable_index() = index->message;
      *call->request.mutable_collection() = *described;
      deps_.index_node->BuildIndex(base::OpContext(), call->request,
                                   &call->reply,
                                   [this, call](const absl::Status& status) {
                                     FinishTask(call->task, status);
                                   });
    });
  });
}

// After an error the task waits for another try, with a new attempt; after the
// last one it says why, and nobody need wait for its index any more.
void DataCoordinator::FinishTask(const internal::SegmentIndexMeta& task,
                                 const absl::Status& status) {
  const std::string key = keys::SegmentIndex(
      base::CollectionId{task.collection_id()},
      base::SegmentId{task.segment_id()}, base::IndexId{task.index_id()});
  deps_.background.Submit([this, key, task, status] {
    const Ref<internal::SegmentIndexMeta> now =
        meta_.Find<internal::SegmentIndexMeta>(key);
    const bool failed = !status.ok() && now != nullptr &&
                        now->message.attempt_id() == task.attempt_id() &&
                        now->message.state() == internal::INDEX_IN_PROGRESS;
    if (failed) {
      LOG_WARN("index {} of segment {}: {}", task.index_id(), task.segment_id(),
               base::MessageOf(status));
      internal::SegmentIndexMeta again = now->message;
      again.set_fail_reason(std::string(base::MessageOf(status)));
      const bool is_last = again.tries() >= kTriesMax;
      again.set_state(is_last ? internal::INDEX_FAILED
                              : internal::INDEX_UNISSUED);
      MetaChange change;
      change.Expect(*now);
      change.Put(key, std::move(again));
      base::LogIfError(meta_.Commit(std::move(change)).status(),
                       "issued again by the next round of the tasks");
      base::LogIfError(DeleteAttempt(task.attempt_id()),
                       "ended by the next round of the garbage");
      const auto segment = meta_.Find<internal::SegmentMeta>(
          keys::Segment(base::CollectionId{task.collection_id()},
                        base::SegmentId{task.segment_id()}));
      if (is_last && segment != nullptr) {
        NotifyTarget(task.collection_id(), segment->message.shard());
      }
    }
    const bool is_orphan =
        !status.ok() && task.attempt_id() != 0 &&
        (now == nullptr || now->message.attempt_id() != task.attempt_id());
    if (is_orphan) {
      base::LogIfError(DeleteAttempt(task.attempt_id()),
                       "ended by the next round of the garbage");
    }
    {
      base::MutexLock lock(mutex_);
      running_tasks_.erase(key);
    }
    if (status.ok()) return ScheduleTasks();
    if (stopping_.load()) return;
    deps_.timer.After(kRetryDelay, [this] { ScheduleTasks(); });
  });
}

}  // namespace elanus::coordinator

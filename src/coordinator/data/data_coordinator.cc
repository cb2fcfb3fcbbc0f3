#include "coordinator/data/data_coordinator.h"

#include "base/log.h"

namespace elanus::coordinator {
namespace {

constexpr std::chrono::milliseconds kSealingPeriod{1000};
constexpr std::chrono::milliseconds kCompactionPeriod{5000};
constexpr std::chrono::milliseconds kCopyPeriod{1000};
constexpr std::chrono::milliseconds kTaskPeriod{10000};

}  // namespace

DataCoordinator::DataCoordinator(const Dependencies& dependencies)
    : deps_(dependencies),
      meta_(dependencies.meta_store),
      log_writer_(dependencies.broker,
                  base::WriterId{static_cast<std::uint64_t>(
                      base::ToInt(dependencies.epoch))}),
      index_changes_(std::make_shared<KeySequencer>(dependencies.background)),
      flush_waits_(dependencies.timer,
                   [this](const FlushWaits::Question& question) {
                     return IsFlushed(question);
                   }) {}

DataCoordinator::~DataCoordinator() { stopping_.store(true); }

absl::Status DataCoordinator::Recover() {
  RETURN_IF_ERROR(meta_.Load());
  ASSIGN_OR_RETURN(const RecordList<internal::CollectionMeta> collections,
                   ListRecords<internal::CollectionMeta>(deps_.meta_store,
                                                         keys::kCollections));
  {
    base::MutexLock lock(mutex_);
    for (const Record<internal::CollectionMeta>& record : collections.records) {
      collections_[record.message.id()] =
          std::make_shared<const internal::CollectionMeta>(record.message);
    }
  }
  // A former run may have died before it truncated them.
  ASSIGN_OR_RETURN(const std::vector<std::string> topics,
                   ListTopics(deps_.meta_store));
  for (const std::string& topic : topics) TruncateLog(topic);
  // Attempts of former runs: their owners are gone, so what they wrote and did
  // not commit is garbage, and a late commit has to fail.
  for (const Ref<internal::AttemptMeta>& attempt :
       meta_.List<internal::AttemptMeta>(keys::kAttempts)) {
    RETURN_IF_ERROR(DeleteAttempt(attempt->message.id()));
  }
  // Partitions that were dropped while the last segment of theirs was being
  // written.
  for (const Record<internal::CollectionMeta>& record : collections.records) {
    absl::flat_hash_set<std::int64_t> known;
    for (const auto& partition : record.message.partitions()) {
      known.insert(partition.id());
    }
    for (const Ref<internal::SegmentMeta>& segment :
         LiveSegments(record.message.id())) {
      const std::int64_t partition = segment->message.partition_id();
      if (!known.insert(partition).second) continue;
      RETURN_IF_ERROR(DropSegmentsOf(record.message.id(), partition));
    }
  }
  return MendTasks();
}

void DataCoordinator::Start(base::Done done) {
  std::vector<internal::ChannelAssignment> assignments;
  for (const Ref<internal::ChannelMeta>& channel :
       meta_.List<internal::ChannelMeta>(keys::kChannels)) {
    const CollectionRef collection =
        FindCollection(channel->message.collection_id());
    // A collection that is being made or dropped: root coord goes on with it.
    if (collection == nullptr || channel->message.checkpoint().empty()) {
      continue;
    }
    assignments.push_back(AssignmentOf(*collection, channel->message));
  }
  WatchChannels(assignments,
                [this, done = std::move(done)](absl::Status status) mutable {
                  if (status.ok()) {
                    Repeat(kSealingPeriod, &DataCoordinator::SealingTick);
                    Repeat(kCopyPeriod, &DataCoordinator::CopyTick);
                    Repeat(kTaskPeriod, &DataCoordinator::TaskTick);
                    Repeat(std::chrono::seconds(deps_.config.gc_interval_s),
                           &DataCoordinator::GarbageTick);
                    if (deps_.config.auto_compaction) {
                      Repeat(kCompactionPeriod, &DataCoordinator::CompactAll);
                    }
                    ScheduleTasks();
                  }
                  done(std::move(status));
                });
}

void DataCoordinator::Stop() {
  stopping_.store(true);
  flush_waits_.Stop();
}

void DataCoordinator::Repeat(std::chrono::milliseconds period,
                             void (DataCoordinator::*tick)()) {
  if (stopping_.load()) return;
  deps_.timer.After(period, [this, period, tick] {
    if (stopping_.load()) return;
    (this->*tick)();
    Repeat(period, tick);
  });
}

}  // namespace elanus::coordinator

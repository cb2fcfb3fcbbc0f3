#include "server/log_drops.h"

#include <future>
#include <map>
#include <string>

#include "coordinator/meta_records.h"
#include "proto/internal/meta.pb.h"
#include "segment/record/record.h"
#include "storage/errors.h"

namespace elanus::server {
namespace {

namespace keys = coordinator::keys;

// Reads one topic up to its end.
class DropReader final : public storage::LogSink {
 public:
  explicit DropReader(LogDrops& drops) : drops_(drops) {}

  void OnRecord(const storage::Position& position, const storage::Position&,
                base::Buffer record) override {
    if (is_done_) return;
    const absl::StatusOr<segment::RecordView> parsed =
        segment::ParseRecord(std::move(record));
    if (!parsed.ok()) {
      return End(base::Annotate(parsed.status(), "the record at {}",
                                position.ToString()));
    }
    const base::CollectionId collection = parsed->header().vchannel.collection;
    if (parsed->type() == segment::RecordType::kDropCollection) {
      drops_.collections.insert(collection);
    } else if (parsed->type() == segment::RecordType::kDropPartition) {
      drops_.partitions.emplace(collection, parsed->partition());
    }
  }
  void OnEnd(const storage::Position&, std::int64_t) override {
    End(absl::OkStatus());
  }
  void OnError(const absl::Status& status) override { End(status); }

  absl::Status Wait() { return ended_.get_future().get(); }

 private:
  void End(absl::Status status) {
    if (is_done_) return;
    is_done_ = true;
    ended_.set_value(std::move(status));
  }

  LogDrops& drops_;
  bool is_done_ = false;  // of the follower's thread
  std::promise<absl::Status> ended_;
};

// Where the replay of each topic will start.
absl::StatusOr<std::map<std::string, storage::Position>> LowestCheckpoints(
    const std::vector<storage::MetaEntry>& entries) {
  std::map<std::string, storage::Position> lowest;
  for (const storage::MetaEntry& entry : entries) {
    if (!entry.key.starts_with(keys::kChannels)) continue;
    internal::ChannelMeta channel;
    RETURN_IF_ERROR(coordinator::ParseRecord(entry.key, entry.value, channel));
    ASSIGN_OR_RETURN(const storage::Position checkpoint,
                     storage::Position::Decode(channel.checkpoint()));
    const auto [it, added] = lowest.emplace(channel.topic(), checkpoint);
    if (!added) it->second = std::min(it->second, checkpoint);
  }
  return lowest;
}

// Changes a collection's record as the drops say; whether it is dropped itself.
absl::StatusOr<bool> Drop(const LogDrops& drops, storage::MetaEntry& entry) {
  internal::CollectionMeta meta;
  RETURN_IF_ERROR(coordinator::ParseRecord(entry.key, entry.value, meta));
  const base::CollectionId id{meta.id()};
  const bool is_dropped = drops.collections.contains(id);
  if (is_dropped) meta.set_state(internal::DROPPING);
  for (internal::PartitionMeta& partition : *meta.mutable_partitions()) {
    if (drops.partitions.contains({id, base::PartitionId{partition.id()}})) {
      partition.set_state(internal::DROPPING);
    }
  }
  entry.value = meta.SerializeAsString();
  return is_dropped;
}

absl::StatusOr<bool> IsNameOf(const std::set<std::string>& dropped,
                              const storage::MetaEntry& entry) {
  if (entry.key.starts_with(keys::kNames)) {
    return dropped.contains(entry.value);
  }
  if (!entry.key.starts_with(keys::kAliases)) return false;
  internal::AliasMeta alias;
  RETURN_IF_ERROR(coordinator::ParseRecord(entry.key, entry.value, alias));
  return dropped.contains(std::to_string(alias.collection_id()));
}

}  // namespace

absl::StatusOr<LogDrops> FindDrops(
    storage::LogBroker& log, const std::vector<storage::MetaEntry>& entries) {
  ASSIGN_OR_RETURN(const auto starts, LowestCheckpoints(entries));
  LogDrops drops;
  for (const auto& [topic, start] : starts) {
    DropReader reader(drops);
    const absl::StatusOr<std::unique_ptr<storage::LogFollower>> follower =
        log.Follow(topic, start, reader);
    if (storage::IsTopicNotFound(follower.status())) continue;
    RETURN_IF_ERROR(follower.status());
    absl::Status status = reader.Wait();
    if (!status.ok()) return base::Annotate(status, "topic {}", topic);
  }
  return drops;
}

absl::Status ApplyDrops(const LogDrops& drops,
                        std::vector<storage::MetaEntry>& entries) {
  std::set<std::string> dropped;
  for (storage::MetaEntry& entry : entries) {
    if (!entry.key.starts_with(keys::kCollections)) continue;
    ASSIGN_OR_RETURN(const bool is_dropped, Drop(drops, entry));
    if (is_dropped) dropped.insert(entry.key.substr(keys::kCollections.size()));
  }
  std::vector<storage::MetaEntry> kept;
  for (storage::MetaEntry& entry : entries) {
    ASSIGN_OR_RETURN(const bool goes, IsNameOf(dropped, entry));
    if (!goes) kept.push_back(std::move(entry));
  }
  entries = std::move(kept);
  return absl::OkStatus();
}

}  // namespace elanus::server

// When open segments are closed without being asked: for size, age, idleness,
// and to keep the unwritten log short.
#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/log.h"
#include "coordinator/data/data_coordinator.h"

namespace elanus::coordinator {
namespace {

constexpr std::int64_t kMegabyte = std::int64_t{1} << 20;
// As in Milvus: an idle segment is sealed from this size on.
constexpr std::int64_t kIdleBytesMin = 16 * kMegabyte;
// How soon one looks again at segments that fill up: what writers add in
// between is memory beyond the bound.
constexpr std::chrono::milliseconds kFillingPeriod{100};
// Tombstones in memory that start a checkpoint, about 64 MiB of them.
constexpr std::int64_t kTombstonesMax = 1'000'000;

// What of a vchannel has to be closed now.
struct Due {
  bool all = false;
  std::vector<base::PartitionId> partitions;
};

// Closing again what is closed already helps nobody.
std::int64_t OpenBytes(const internal::ChannelState& channel) {
  std::int64_t bytes = 0;
  for (const auto& growing : channel.growing()) {
    if (!growing.closed()) bytes += growing.bytes();
  }
  return bytes;
}

// Open bytes of a vchannel from which on it is closed: where memory is short,
// those go that hold no less than the average.
std::int64_t OpenBytesMax(const internal::GetChannelStatesReply& states,
                          const base::Config& config, std::int64_t all_max) {
  std::int64_t all = 0;
  for (const internal::ChannelState& channel : states.channels()) {
    all += OpenBytes(channel);
  }
  const std::int64_t most = config.log_distance_mb * kMegabyte;
  if (all <= all_max) return most;
  return std::min(most, all / states.channels_size() - 1);
}

std::int64_t SealBytes(const base::Config& config) {
  return static_cast<std::int64_t>(
      static_cast<double>(config.segment_max_mb * kMegabyte) *
      config.segment_seal_proportion);
}

// Something is half of the way to be closed for its size.
bool IsFilling(const internal::GetChannelStatesReply& states,
               const base::Config& config, std::int64_t all_max) {
  const std::int64_t bytes_max = SealBytes(config);
  std::int64_t all = 0;
  for (const internal::ChannelState& channel : states.channels()) {
    for (const auto& growing : channel.growing()) {
      if (growing.closed()) continue;
      if (growing.bytes() > bytes_max / 2) return true;
      all += growing.bytes();
    }
  }
  return all > all_max / 2;
}

Due FindDue(const internal::ChannelState& channel, const base::Config& config,
            std::int64_t open_bytes_max, std::int64_t now_ms) {
  Due due;
  due.all = OpenBytes(channel) > open_bytes_max ||
            channel.tombstones() > kTombstonesMax;
  const std::int64_t bytes_max = SealBytes(config);
  for (const auto& growing : channel.growing()) {
    if (growing.closed() || growing.rows() == 0) continue;
    const std::int64_t age_ms = now_ms - growing.opened_at_ms();
    const std::int64_t idle_ms = now_ms - growing.last_write_ms();
    // By age everything is closed: only then the checkpoint can move.
    due.all = due.all || age_ms > config.sync_period_s * 1000;
    if (growing.bytes() >= bytes_max ||
        age_ms > config.segment_max_life_s * 1000 ||
        (idle_ms > config.segment_max_idle_s * 1000 &&
         growing.bytes() >= kIdleBytesMin)) {
      due.partitions.push_back(base::PartitionId{growing.partition_id()});
    }
  }
  return due;
}

}  // namespace

void DataCoordinator::SealingTick() {
  struct Call {
    internal::GetChannelStatesRequest request;
    internal::GetChannelStatesReply reply;
  };
  auto call = std::make_shared<Call>();
  deps_.data_node.GetChannelStates(base::OpContext(), call->request,
                                   &call->reply,
                                   [this, call](const absl::Status& status) {
                                     if (!status.ok() || stopping_.load()) {
                                       return;
                                     }
                                     SealWhatIsDue(call->reply);
                                     LookAgainSoon(call->reply);
                                   });
}

// Beside the regular rounds; one at a time.
void DataCoordinator::LookAgainSoon(
    const internal::GetChannelStatesReply& states) {
  if (!IsFilling(states, deps_.config, deps_.open_bytes_max) ||
      looks_again_.exchange(true)) {
    return;
  }
  deps_.timer.After(kFillingPeriod, [this] {
    looks_again_.store(false);
    if (!stopping_.load()) SealingTick();
  });
}

void DataCoordinator::SealWhatIsDue(
    const internal::GetChannelStatesReply& states) {
  const std::int64_t open_bytes_max =
      OpenBytesMax(states, deps_.config, deps_.open_bytes_max);
  for (const internal::ChannelState& channel : states.channels()) {
    const Due due =
        FindDue(channel, deps_.config, open_bytes_max, deps_.clock.WallMs());
    if (!due.all && due.partitions.empty()) continue;
    const CollectionRef collection = FindCollection(channel.collection_id());
    if (collection == nullptr) continue;
    const std::string key = keys::Channel(
        base::CollectionId{channel.collection_id()}, channel.shard());
    {
      // The last one that was appended has not been applied yet.
      base::MutexLock lock(mutex_);
      const auto it = closing_.find(key);
      if (it != closing_.end() && channel.applied() < it->second) continue;
      closing_.erase(key);
    }
    for (const internal::VChannelMeta& vchannel : collection->vchannels()) {
      if (vchannel.shard() != channel.shard()) continue;
      // Replay raises the time above all that is there: the wall clock is
      // only a proposal.
      CloseSegments(*collection, vchannel,
                    due.all ? std::vector<base::PartitionId>{} : due.partitions,
                    base::Timestamp::FromMs(deps_.clock.WallMs()),
                    [this, key](absl::StatusOr<storage::AppendResult> result) {
                      if (!result.ok()) {
                        return base::LogIfError(result.status(),
                                                "the next round closes");
                      }
                      base::MutexLock lock(mutex_);
                      closing_[key] = result->next.Encode();
                    });
    }
  }
}

}  // namespace elanus::coordinator

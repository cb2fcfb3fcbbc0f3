// Copies of the metadata in the object store, and the truncation of the log,
// which waits for them: what a copy names must be there as long as it is the
// newest one.
#include <algorithm>
#include <limits>
#include <utility>

#include "base/log.h"
#include "coordinator/data/data_coordinator.h"

namespace elanus::coordinator {
namespace {

// So many bytes of copies are written in a second, at most.
constexpr std::int64_t kCopyBytesPerSecond = std::int64_t{1} << 20;
constexpr std::int64_t kSecondNs = 1'000'000'000;

}  // namespace

void DataCoordinator::TruncateLog(const std::string& topic) {
  base::MutexLock lock(mutex_);
  to_truncate_.insert(topic);
}

void DataCoordinator::CopyTick() {
  {
    base::MutexLock lock(mutex_);
    if (deps_.clock.MonotonicNs() < next_copy_ns_) return;
    next_copy_ns_ = std::numeric_limits<std::int64_t>::max();  // one at a time
  }
  deps_.background.Submit([this] {
    base::LogIfError(CopyAndTruncate(), "the next round copies and truncates");
    const auto pause = static_cast<std::int64_t>(deps_.meta_copier.bytes()) *
                       kSecondNs / kCopyBytesPerSecond;
    base::MutexLock lock(mutex_);
    next_copy_ns_ = deps_.clock.MonotonicNs() + pause;
  });
}

absl::Status DataCoordinator::CopyAndTruncate() {
  std::vector<std::pair<std::string, storage::Position>> due;
  std::set<std::string> topics;
  {
    base::MutexLock lock(mutex_);
    topics.swap(to_truncate_);
  }
  for (const std::string& topic : topics) {
    const std::optional<storage::Position> lowest = LowestCheckpoint(topic);
    if (lowest.has_value()) due.emplace_back(topic, *lowest);
  }
  absl::Status status = deps_.meta_copier.Save();
  for (const auto& [topic, before] : due) {
    // A vchannel that came since then may begin earlier.
    const std::optional<storage::Position> lowest = LowestCheckpoint(topic);
    if (status.ok() && lowest.has_value()) {
      status = deps_.broker.TruncateBefore(topic, std::min(before, *lowest));
    }
    if (!status.ok()) TruncateLog(topic);
  }
  return status;
}

std::optional<storage::Position> DataCoordinator::LowestCheckpoint(
    const std::string& topic) const {
  std::optional<std::string> lowest;
  for (const Ref<internal::ChannelMeta>& channel :
       meta_.List<internal::ChannelMeta>(keys::kChannels)) {
    if (channel->message.topic() != topic) continue;
    if (!lowest.has_value() || channel->message.checkpoint() < *lowest) {
      lowest = channel->message.checkpoint();
    }
  }
  if (!lowest.has_value()) return std::nullopt;
  return storage::Position::FromBytes(*lowest);
}

}  // namespace elanus::coordinator

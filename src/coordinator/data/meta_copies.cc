// Copies of the metadata in the object store, and the truncation of the log,
// which waits for them: what a copy names must be there as long as it is the
// newest one.
#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "base/join.h"
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

struct DataCoordinator::CopyRound {
  base::Mutex mutex;
  std::map<std::string, storage::Position> ends ABSL_GUARDED_BY(mutex);
};

void DataCoordinator::CopyTick() {
  {
    base::MutexLock lock(mutex_);
    if (deps_.clock.MonotonicNs() < next_copy_ns_) return;
    next_copy_ns_ = std::numeric_limits<std::int64_t>::max();  // one at a time
  }
  auto round = std::make_shared<CopyRound>();
  FindEnds(round, [this, round] {
    deps_.background.Submit([this, round] {
      base::LogIfError(CopyAndTruncate(*round),
                       "the next round copies and truncates");
      const auto pause = static_cast<std::int64_t>(deps_.meta_copier.bytes()) *
                         kSecondNs / kCopyBytesPerSecond;
      base::MutexLock lock(mutex_);
      next_copy_ns_ = deps_.clock.MonotonicNs() + pause;
    });
  });
}

void DataCoordinator::FindEnds(const std::shared_ptr<CopyRound>& round,
                               base::Task then) {
  std::set<std::string> topics;
  {
    base::MutexLock lock(mutex_);
    topics.swap(to_truncate_);
  }
  const auto join = base::Join::Make(
      topics.size(),
      [then = std::move(then)](const absl::Status&) mutable { then(); });
  for (const std::string& topic : topics) {
    deps_.broker.End(topic, [this, round, topic,
                             join](absl::StatusOr<storage::Position> end) {
      if (end.ok()) {
        base::MutexLock lock(round->mutex);
        round->ends.emplace(topic, *end);
      } else {
        base::LogIfError(end.status(), "the next round truncates");
        TruncateLog(topic);
      }
      join->Finish(absl::OkStatus());
    });
  }
}

absl::Status DataCoordinator::CopyAndTruncate(CopyRound& round) {
  std::vector<std::pair<std::string, storage::Position>> due;
  {
    base::MutexLock lock(round.mutex);
    for (const auto& [topic, end] : round.ends) {
      due.emplace_back(topic, FirstNeeded(topic, end));
    }
  }
  absl::Status status = deps_.meta_copier.Save();
  for (const auto& [topic, before] : due) {
    // A vchannel that came since then holds the topic. One that comes even
    // later begins behind `before`: it is in the records before anything is
    // appended to it, and the end was known when it was not.
    if (status.ok()) {
      status = deps_.broker.TruncateBefore(
          topic, std::min(before, FirstNeeded(topic, before)));
    }
    if (!status.ok()) TruncateLog(topic);
  }
  return status;
}

storage::Position DataCoordinator::FirstNeeded(
    const std::string& topic, const storage::Position& end) const {
  std::optional<std::string> lowest;
  for (const Ref<internal::ChannelMeta>& channel :
       meta_.List<internal::ChannelMeta>(keys::kChannels)) {
    if (channel->message.topic() != topic) continue;
    if (!lowest.has_value() || channel->message.checkpoint() < *lowest) {
      lowest = channel->message.checkpoint();
    }
  }
  return lowest.has_value() ? storage::Position::FromBytes(*lowest) : end;
}

}  // namespace elanus::coordinator

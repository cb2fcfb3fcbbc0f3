#include "segment/tail/tail_set.h"

#include <utility>

#include "segment/tail/topic_tail.h"

namespace elanus::segment {

TailSet::TailSet(storage::LogBroker& broker, const TailServices& services)
    : broker_(broker), services_(services) {}

TailSet::~TailSet() { Stop(); }

absl::StatusOr<std::shared_ptr<VchannelTail>> TailSet::Watch(
    VchannelSpec spec) {
  base::MutexLock changing(change_mutex_);
  std::shared_ptr<VchannelTail> old = Find(spec.key);
  if (old != nullptr && old->status().ok()) return Join(old, spec);
  const std::string topic = spec.topic;
  ASSIGN_OR_RETURN(std::shared_ptr<VchannelTail> tail,
                   VchannelTail::Create(std::move(spec), services_));
  std::unique_ptr<TopicTail>& follower = topics_[topic];
  if (follower == nullptr) {
    follower = std::make_unique<TopicTail>(broker_, topic);
  }
  if (old != nullptr) follower->Remove(old);
  if (absl::Status status = follower->Add(tail); !status.ok()) {
    if (!follower->Remove(tail)) topics_.erase(topic);
    return status;
  }
  base::MutexLock lock(mutex_);
  Watched& watched = watched_[tail->key()];
  watched.tail = tail;  // a stopped one keeps its watchers' count
  ++watched.watchers;
  return tail;
}

absl::StatusOr<std::shared_ptr<VchannelTail>> TailSet::Join(
    const std::shared_ptr<VchannelTail>& tail, const VchannelSpec& spec) {
  if (spec.start < tail->start()) {
    return base::Error(base::ErrorCode::kServiceInternal,
                       "collection {} shard {} is followed from {} on, wanted "
                       "is {}",
                       base::ToInt(spec.key.collection), spec.key.shard,
                       tail->start().ToString(), spec.start.ToString());
  }
  base::MutexLock lock(mutex_);
  ++watched_[tail->key()].watchers;
  return tail;
}

void TailSet::Unwatch(const VchannelKey& key) {
  base::MutexLock changing(change_mutex_);
  std::shared_ptr<VchannelTail> tail;
  {
    base::MutexLock lock(mutex_);
    const auto it = watched_.find(key);
    if (it == watched_.end() || --it->second.watchers > 0) return;
    tail = std::move(it->second.tail);
    watched_.erase(it);
  }
  const auto topic = topics_.find(tail->topic());
  if (topic != topics_.end()) {
    if (topic->second->Remove(tail)) {
      topic->second->SkipUnneeded();
    } else {
      topics_.erase(topic);
    }
  }
  tail->Stop(base::Error(base::ErrorCode::kChannelNotAvailable,
                         "collection {} shard {} is no longer followed here",
                         base::ToInt(key.collection), key.shard));
}

std::shared_ptr<VchannelTail> TailSet::Find(const VchannelKey& key) const {
  base::MutexLock lock(mutex_);
  const auto it = watched_.find(key);
  return it == watched_.end() ? nullptr : it->second.tail;
}

void TailSet::Stop() {
  base::MutexLock changing(change_mutex_);
  topics_.clear();
  std::map<VchannelKey, Watched> watched;
  {
    base::MutexLock lock(mutex_);
    watched.swap(watched_);
  }
  for (const auto& [key, entry] : watched) {
    entry.tail->Stop(
        base::Error(base::ErrorCode::kServiceNotReady, "the node is stopping"));
  }
}

}  // namespace elanus::segment

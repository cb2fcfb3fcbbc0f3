// Tells the watches of a meta store what changed, on one thread of its own.
//
// Keeps the last changes, so that a watch can start from a revision that was
// read a moment ago; an older start is IsRevisionGone.
//
// Threads:   all methods from any thread; Publish in order of revision.
//            Callbacks run on the hub's thread, without locks.
// Ownership: watches must be destroyed before the hub.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "storage/meta_store.h"

namespace elanus::storage {

class WatchHub {
 public:
  // Knows nothing of the changes up to `revision`.
  explicit WatchHub(std::uint64_t revision);
  ~WatchHub();

  // events: of one transaction, all with its revision.
  void Publish(std::vector<MetaEvent> events);

  absl::StatusOr<std::unique_ptr<MetaWatch>> Add(std::string_view prefix,
                                                 std::uint64_t after_revision,
                                                 WatchCallback callback);

 private:
  class Handle;
  using Events = std::shared_ptr<const std::vector<MetaEvent>>;
  struct Watcher {
    std::string prefix;
    std::uint64_t after_revision = 0;
    WatchCallback callback;
    std::deque<Events> pending;
    bool running = false;
  };
  using WatcherPtr = std::shared_ptr<Watcher>;

  void RunThread();
  void Offer(Watcher& watcher, const Events& events)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Remember(const Events& events) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  WatcherPtr NextReady() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Remove(const WatcherPtr& watcher);

  base::Mutex mutex_;
  base::CondVar changed_;
  std::vector<WatcherPtr> watchers_ ABSL_GUARDED_BY(mutex_);
  std::size_t turn_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<Events> history_ ABSL_GUARDED_BY(mutex_);
  std::size_t history_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  // All changes behind it are in the history.
  std::uint64_t history_after_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace elanus::storage

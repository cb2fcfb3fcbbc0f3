// Which times this proxy told iterators to read at: their further pages come
// with it. Clients of 2.4 send the time of their last write with every page
// instead, which is no state that any page was read at: later rows of others,
// and own ones whose time replay has raised, belong to the iteration too.
//
// Threads: any. The last 65,536 are known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "absl/container/flat_hash_set.h"
#include "base/hybrid_time.h"
#include "base/mutex.h"

namespace elanus::access {

class IteratorPins {
 public:
  static constexpr std::size_t kKept = 65'536;

  void Note(base::Timestamp time) {
    base::MutexLock lock(mutex_);
    if (!known_.insert(time.value).second) return;
    order_.push_back(time.value);
    if (order_.size() <= kKept) return;
    known_.erase(order_.front());
    order_.pop_front();
  }

  bool Knows(base::Timestamp time) const {
    base::MutexLock lock(mutex_);
    return known_.contains(time.value);
  }

 private:
  mutable base::Mutex mutex_;
  absl::flat_hash_set<std::uint64_t> known_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::uint64_t> order_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::access

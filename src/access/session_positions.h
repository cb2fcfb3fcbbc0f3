// How far this proxy has seen each vchannel: in acknowledgements of writes and
// in answers of reads. A Session read waits for these positions, so that a
// client reads its own writes and never goes back.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "base/mutex.h"
#include "segment/record/vchannel.h"

namespace elanus::access {

class SessionPositions {
 public:
  // Keeps the higher one.
  void Note(const segment::VchannelKey& vchannel, const std::string& position) {
    base::MutexLock lock(mutex_);
    std::string& known = positions_[vchannel];
    if (known < position) known = position;
  }

  // Empty if nothing was seen.
  std::string Get(const segment::VchannelKey& vchannel) const {
    base::MutexLock lock(mutex_);
    const auto it = positions_.find(vchannel);
    return it == positions_.end() ? std::string() : it->second;
  }

  // The vchannel is gone.
  void Forget(const segment::VchannelKey& vchannel) {
    base::MutexLock lock(mutex_);
    positions_.erase(vchannel);
  }

  std::size_t size() const {
    base::MutexLock lock(mutex_);
    return positions_.size();
  }

 private:
  mutable base::Mutex mutex_;
  absl::flat_hash_map<segment::VchannelKey, std::string> positions_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::access

// How long to leave alone what failed, where a loop would try it again at
// once and for ever: each failure in a row doubles the pause.
//
//   if (pauses.IsPaused(segment, now_ns)) continue;
//   ...
//   pauses.Failed(segment, now_ns);   // or Succeeded(segment)
//
// Threads: one at a time.
#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/container/flat_hash_map.h"

namespace elanus::coordinator {

template <typename Key>
class Pauses {
 public:
  static constexpr std::int64_t kMinNs = 10'000'000'000;
  static constexpr std::int64_t kMaxNs = 600'000'000'000;

  bool IsPaused(const Key& key, std::int64_t now_ns) const {
    const auto it = pauses_.find(key);
    return it != pauses_.end() && now_ns < it->second.end_ns;
  }

  void Failed(const Key& key, std::int64_t now_ns) {
    // What nobody has tried again for so long is gone.
    absl::erase_if(pauses_, [now_ns](const auto& entry) {
      return now_ns - entry.second.end_ns > kMaxNs;
    });
    Pause& pause = pauses_[key];
    pause.length_ns = std::clamp(pause.length_ns * 2, kMinNs, kMaxNs);
    pause.end_ns = now_ns + pause.length_ns;
  }

  void Succeeded(const Key& key) { pauses_.erase(key); }

 private:
  struct Pause {
    std::int64_t length_ns = 0;
    std::int64_t end_ns = 0;
  };

  absl::flat_hash_map<Key, Pause> pauses_;
};

}  // namespace elanus::coordinator

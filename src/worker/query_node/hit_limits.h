// What the segments that were searched say to those that follow: where one has
// given k hits, farther ones of the others are not wanted.
//
//   HitLimits limits(nq, k);
//   const std::vector<float> within = limits.Now();
//   plan.limits = within;
//   ASSIGN_OR_RETURN(const SegmentHits hits, Search(ctx, segment, plan));
//   limits.Learn(hits);
//   ...
//   if (limits.MayHaveCost(merged)) ...  // once more, without limits
//
// k rows are fewer than k hits where one key has several of them. Nobody looks
// at keys before all segments have answered; so it is then that this shows.
//
// Threads: any.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <absl/base/thread_annotations.h>

#include "base/mutex.h"
#include "index/vector/vector_index.h"
#include "segment/merge.h"
#include "segment/search.h"

namespace elanus::worker {

class HitLimits {
 public:
  HitLimits(std::size_t nq, std::size_t k)
      : k_(k), limits_(nq, index::kNoDistance) {}
  // Learns nothing.
  static HitLimits None() { return {0, 0}; }

  std::vector<float> Now() const {
    base::MutexLock lock(mutex_);
    return limits_;
  }

  void Learn(const segment::SegmentHits& hits) {
    base::MutexLock lock(mutex_);
    if (k_ == 0) return;
    const std::size_t nq = std::min(hits.size(), limits_.size());
    for (std::size_t q = 0; q < nq; ++q) {
      if (hits[q].size() < k_) continue;
      limits_[q] = std::min(limits_[q], hits[q][k_ - 1].distance);
    }
  }

  // Whether some query has fewer hits than it could have without a limit.
  bool MayHaveCost(
      std::span<const std::vector<segment::MergedHit>> merged) const {
    base::MutexLock lock(mutex_);
    const std::size_t nq = std::min(merged.size(), limits_.size());
    for (std::size_t q = 0; q < nq; ++q) {
      if (limits_[q] < index::kNoDistance && merged[q].size() < k_) return true;
    }
    return false;
  }

 private:
  const std::size_t k_;
  mutable base::Mutex mutex_;
  std::vector<float> limits_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::worker

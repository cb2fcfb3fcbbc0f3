// What the segments that were searched say to those that follow: where they
// have given k hits, farther ones are not wanted.
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
  HitLimits(std::size_t nq, std::size_t k) : k_(k), nearest_(nq) {}
  // Learns nothing.
  static HitLimits None() { return {0, 0}; }

  std::vector<float> Now() const {
    base::MutexLock lock(mutex_);
    std::vector<float> limits;
    limits.reserve(nearest_.size());
    for (const std::vector<float>& nearest : nearest_) {
      limits.push_back(LimitOf(nearest));
    }
    return limits;
  }

  void Learn(const segment::SegmentHits& hits) {
    base::MutexLock lock(mutex_);
    if (k_ == 0) return;
    const std::size_t nq = std::min(hits.size(), nearest_.size());
    for (std::size_t q = 0; q < nq; ++q) LearnOne(hits[q], nearest_[q]);
  }

  // Whether some query has fewer hits than it could have without a limit.
  bool MayHaveCost(
      std::span<const std::vector<segment::MergedHit>> merged) const {
    base::MutexLock lock(mutex_);
    const std::size_t nq = std::min(merged.size(), nearest_.size());
    for (std::size_t q = 0; q < nq; ++q) {
      if (nearest_[q].size() == k_ && merged[q].size() < k_) return true;
    }
    return false;
  }

 private:
  float LimitOf(const std::vector<float>& nearest) const {
    return nearest.size() < k_ ? index::kNoDistance : nearest.back();
  }

  void LearnOne(const std::vector<index::Neighbor>& hits,
                std::vector<float>& nearest) const {
    const auto known = static_cast<std::ptrdiff_t>(nearest.size());
    const float limit = LimitOf(nearest);
    for (const index::Neighbor& hit : hits) {
      if (!(hit.distance < limit)) break;
      nearest.push_back(hit.distance);
    }
    std::inplace_merge(nearest.begin(), nearest.begin() + known, nearest.end());
    nearest.resize(std::min(nearest.size(), k_));
  }

  const std::size_t k_;
  mutable base::Mutex mutex_;
  // Of each query the distances of the k nearest hits so far, rising.
  std::vector<std::vector<float>> nearest_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::worker

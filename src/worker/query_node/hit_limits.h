// What the segments that were searched say to those that follow: where one has
// given k hits, farther ones of the others are not wanted.
//
//   HitLimits limits(nq, k);
//   const std::vector<float> within = limits.Now();
//   plan.limits = within;
//   ASSIGN_OR_RETURN(const SegmentHits hits, Search(ctx, segment, plan));
//   limits.Learn(hits);
//
// Threads: any.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <absl/base/thread_annotations.h>

#include "base/mutex.h"
#include "index/vector/vector_index.h"
#include "segment/search.h"

namespace elanus::worker {

class HitLimits {
 public:
  HitLimits(std::size_t nq, std::size_t k)
      : k_(k), limits_(nq, index::kNoDistance) {}

  std::vector<float> Now() const {
    base::MutexLock lock(mutex_);
    return limits_;
  }

  void Learn(const segment::SegmentHits& hits) {
    base::MutexLock lock(mutex_);
    for (std::size_t q = 0; q < hits.size(); ++q) {
      if (k_ == 0 || hits[q].size() < k_) continue;
      limits_[q] = std::min(limits_[q], hits[q][k_ - 1].distance);
    }
  }

 private:
  const std::size_t k_;
  mutable base::Mutex mutex_;
  std::vector<float> limits_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::worker

// The `wanted` nearest of a long stream of candidates. Collects about twice as
// many and then drops the farther ones at once: a few nanoseconds a candidate
// where a heap of hundreds takes tens.
//
//   pool.Reset(100);
//   if (!(distance > pool.bound())) pool.Offer(distance, position);
//   for (const Neighbor& found : pool.Take()) ...
//
// Threads: none.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/vector/topk.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

class CandidatePool {
 public:
  void Reset(std::size_t wanted) {
    wanted_ = wanted;
    bound_ = kNoDistance;
    entries_.clear();
  }

  // Nothing farther than this can get in. It lags behind.
  float bound() const { return bound_; }
  std::size_t size() const { return std::min(entries_.size(), wanted_); }

  void Offer(float distance, std::uint32_t position) {
    entries_.push_back({Orderly(distance), position});
    if (entries_.size() >= std::max(2 * wanted_, wanted_ + kRoom)) Shrink();
  }

  // The nearest, in no order.
  std::span<const Neighbor> Take() {
    if (entries_.size() > wanted_) Shrink();
    return entries_;
  }

  // The nearest, nearest first.
  std::span<const Neighbor> TakeSorted() {
    Take();
    std::sort(entries_.begin(), entries_.end());
    return entries_;
  }

 private:
  static constexpr std::size_t kRoom = 64;

  void Shrink() {
    if (wanted_ == 0) {
      entries_.clear();
      return;
    }
    const auto last = entries_.begin() + static_cast<std::ptrdiff_t>(wanted_);
    std::nth_element(entries_.begin(), last - 1, entries_.end());
    bound_ = (last - 1)->distance;
    entries_.erase(last, entries_.end());
  }

  std::size_t wanted_ = 0;
  float bound_ = kNoDistance;
  std::vector<Neighbor> entries_;  // `row` is a position
};

}  // namespace elanus::index

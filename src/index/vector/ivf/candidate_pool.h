// The `wanted` nearest of a long stream of candidates. Collects about twice as
// many and then drops the farther ones at once (nearest_bound.h): a nanosecond
// or two a candidate where a heap of hundreds takes tens.
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
  void Reset(std::size_t wanted);

  // Nothing farther than this can get in. It lags behind.
  float bound() const { return bound_; }
  std::size_t size() const { return std::min(count_, wanted_); }

  void Offer(float distance, std::uint32_t position) {
    distances_[count_] = Orderly(distance);
    positions_[count_] = position;
    if (++count_ == distances_.size()) Shrink();
  }

  // The nearest, in no order; of equally near ones those at lower positions.
  // Leaves the pool empty.
  std::span<const Neighbor> Take();

 private:
  void Shrink();
  // Drops what is farther than a bound that the nearest are within.
  void DropFar();
  // Drops all but the nearest.
  void DropAllBut();

  std::size_t wanted_ = 0;
  float bound_ = kNoDistance;
  std::size_t count_ = 0;
  // As long as there is room.
  std::vector<float> distances_;
  std::vector<std::uint32_t> positions_;
  std::vector<std::uint32_t> places_;
  std::vector<Neighbor> taken_;  // `row` is a position
};

}  // namespace elanus::index

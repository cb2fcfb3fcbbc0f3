// The k smallest of many neighbours.
//
//   TopK best(10, limit);
//   if (!(distance > best.bound())) best.Offer({distance, row});
//   best.TakeSorted();
//
// Threads: none.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "index/vector/vector_index.h"

namespace elanus::index {

// A distance that is no number would break every order: it counts as farthest.
inline float Orderly(float distance) {
  return std::isnan(distance) ? kNoDistance : distance;
}

class TopK {
 public:
  // What is farther than `limit` never gets in.
  explicit TopK(std::size_t k, float limit = kNoDistance)
      : k_(k), limit_(limit), bound_(limit) {}

  // Nothing farther than this can get in: the limit until there are k.
  float bound() const { return bound_; }
  std::size_t k() const { return k_; }
  std::size_t size() const { return heap_.size(); }
  bool is_full() const { return heap_.size() == k_; }

  // True if it got in.
  bool Offer(Neighbor neighbor) {
    neighbor.distance = Orderly(neighbor.distance);
    if (neighbor.distance > bound_) return false;
    if (heap_.size() < k_) {
      heap_.push_back(neighbor);
      std::push_heap(heap_.begin(), heap_.end());
    } else {
      if (k_ == 0 || !(neighbor < heap_.front())) return false;
      ReplaceTop(neighbor);
    }
    if (heap_.size() == k_) bound_ = heap_.front().distance;
    return true;
  }

  // Nearest first; leaves the heap empty.
  std::vector<Neighbor> TakeSorted() {
    std::sort_heap(heap_.begin(), heap_.end());
    bound_ = limit_;
    return std::move(heap_);
  }

 private:
  void ReplaceTop(Neighbor neighbor) {
    std::size_t hole = 0;
    for (std::size_t child = 1; child < heap_.size(); child = 2 * hole + 1) {
      if (child + 1 < heap_.size() && heap_[child] < heap_[child + 1]) ++child;
      if (!(neighbor < heap_[child])) break;
      heap_[hole] = heap_[child];
      hole = child;
    }
    heap_[hole] = neighbor;
  }

  std::size_t k_;
  float limit_;
  float bound_;
  std::vector<Neighbor> heap_;  // largest first
};

}  // namespace elanus::index

// The k smallest of many neighbours.
//
//   TopK best(10);
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
  explicit TopK(std::size_t k) : k_(k) {}

  // Nothing farther than this can get in; infinity until there are k.
  float bound() const { return bound_; }
  std::size_t k() const { return k_; }
  std::size_t size() const { return heap_.size(); }
  bool is_full() const { return heap_.size() == k_; }

  // True if it got in.
  bool Offer(Neighbor neighbor) {
    neighbor.distance = Orderly(neighbor.distance);
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
    bound_ = kNoDistance;
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
  float bound_ = kNoDistance;
  std::vector<Neighbor> heap_;  // largest first
};

}  // namespace elanus::index

// What one walk through the graph needs, kept from walk to walk.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "index/vector/hnsw/graph.h"
#include "index/vector/topk.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

// A set of rows that is emptied in constant time.
class VisitedRows {
 public:
  static constexpr std::size_t kRowBytes = sizeof(std::uint16_t);

  explicit VisitedRows(std::size_t rows) : epochs_(rows, 0) {}

  void Clear() {
    if (++epoch_ != 0) return;
    std::fill(epochs_.begin(), epochs_.end(), std::uint16_t{0});
    epoch_ = 1;
  }
  bool Test(std::uint32_t row) const { return epochs_[row] == epoch_; }
  // True if it was not in yet.
  bool Insert(std::uint32_t row) {
    // No branch: nobody could foretell it.
    const bool is_new = epochs_[row] != epoch_;
    epochs_[row] = epoch_;
    return is_new;
  }

 private:
  std::vector<std::uint16_t> epochs_;
  std::uint16_t epoch_ = 0;
};

// The `capacity` nearest rows of a walk, sorted, each expanded or not. One
// array instead of two heaps: at the sizes of usual searches moving a few
// cache lines is cheaper than sifting.
class BeamPool {
 public:
  void Reset(std::size_t capacity) {
    capacity_ = capacity;
    if (entries_.size() < capacity + 1) entries_.resize(capacity + 1);
    size_ = 0;
    next_ = 0;
  }

  std::size_t size() const { return size_; }
  // True if the row is now the nearest that was not expanded.
  bool Insert(float distance, std::uint32_t row) {
    if (size_ == capacity_) {
      if (!(distance < entries_[size_ - 1].distance)) return false;
      --size_;
    }
    distance = Orderly(distance);
    Neighbor* const begin = entries_.data();
    Neighbor* const at = begin + PlaceOf(distance);
    std::memmove(
        at + 1, at,
        static_cast<std::size_t>(begin + size_ - at) * sizeof(Neighbor));
    *at = {distance, row};
    ++size_;
    const auto place = static_cast<std::size_t>(at - begin);
    if (place > next_) return false;
    next_ = place;
    return true;
  }

  // The nearest row that was not expanded, now marked so; kNoRow at the end.
  std::uint32_t TakeNext() {
    while (next_ < size_ && (entries_[next_].row & kExpanded) != 0) ++next_;
    if (next_ == size_) return kNoRow;
    const std::uint32_t row = entries_[next_].row;
    entries_[next_].row |= kExpanded;
    return row;
  }
  // How many are nearer than the one that TakeNext gave last.
  std::size_t place() const { return next_; }
  std::size_t CountWithin(float distance) const { return PlaceOf(distance); }
  // What TakeNext would give as of now, or kNoRow.
  std::uint32_t PeekNext() const {
    std::size_t at = next_;
    while (at < size_ && (entries_[at].row & kExpanded) != 0) ++at;
    return at == size_ ? kNoRow : entries_[at].row;
  }

  Neighbor At(std::size_t i) const {
    return {entries_[i].distance, entries_[i].row & ~kExpanded};
  }

 private:
  // How many entries are no farther. A binary search whose steps depend on data
  // but not the number of them: nobody could foretell its branches.
  std::size_t PlaceOf(float distance) const {
    std::size_t at = 0;
    for (std::size_t left = size_; left > 0;) {
      const std::size_t half = (left + 1) / 2;
      const bool is_behind = entries_[at + half - 1].distance <= distance;
      at += is_behind ? half : 0;
      left -= half;
    }
    return at;
  }

  // Rows of a graph stay below 2^31.
  static constexpr std::uint32_t kExpanded = 0x80000000;

  std::vector<Neighbor> entries_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
  std::size_t next_ = 0;
};

struct WalkScratch {
  explicit WalkScratch(std::size_t rows) : visited(rows) {}
  static std::size_t BytesOf(std::size_t rows) {
    return rows * VisitedRows::kRowBytes;
  }

  VisitedRows visited;
  BeamPool pool;
  std::vector<std::uint32_t> batch;
  std::vector<float> distances;
  std::vector<std::int32_t> sums;
  std::vector<std::uint32_t> sketched;
  std::vector<float> sketch_bounds;
  std::vector<std::uint32_t> lists;
  ProbeRoom probe;
};

// Lends scratch space to walks, and keeps as much as the machine's threads can
// use at a time. Thread-safe.
template <typename Scratch>
class ScratchPool {
 public:
  // Of Scratch(sizes...), each with Scratch::BytesOf(sizes...) bytes.
  template <typename... Sizes>
  explicit ScratchPool(Sizes... sizes)
      : make_([sizes...] { return std::make_unique<Scratch>(sizes...); }),
        bytes_each_(Scratch::BytesOf(sizes...)),
        max_kept_(std::max(1U, std::thread::hardware_concurrency())) {}

  // What may be kept, but for what the rows' number does not add to.
  std::size_t max_bytes() const { return max_kept_ * bytes_each_; }
  std::size_t max_kept() const { return max_kept_; }

  std::unique_ptr<Scratch> Take() {
    {
      base::MutexLock lock(mutex_);
      if (!free_.empty()) {
        auto scratch = std::move(free_.back());
        free_.pop_back();
        return scratch;
      }
    }
    return make_();
  }
  void Give(std::unique_ptr<Scratch> scratch) {
    base::MutexLock lock(mutex_);
    if (free_.size() < max_kept_) free_.push_back(std::move(scratch));
  }

 private:
  const std::function<std::unique_ptr<Scratch>()> make_;
  const std::size_t bytes_each_;
  const std::size_t max_kept_;
  base::Mutex mutex_;
  std::vector<std::unique_ptr<Scratch>> free_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::index

// Rows that pass a filter, in the order in which a scan for the nearest should
// look at them: first those whose sketches promise most, for a bound; then
// those that may be within it.
//
//   SketchSieve sieve(*graph.sketches, query, scratch);
//   for (row : passing) {
//     sieve.Add(row);
//     if (sieve.is_full()) ...  // as below, then sieve.Clear()
//   }
//   if (!sieve.HasRoomFor(list.rows)) ...
//   sieve.AddPassing(list.begin, numbers, excluded);
//   for (row : sieve.TakeNearest(16)) Look(row);
//   while (sieve.HasMore()) {
//     for (row : sieve.NextWithin(best.bound())) Look(row);
//   }
//
// Threads:   none.
// Ownership: borrows sketches and scratch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/vector/hnsw/row_sketches.h"
#include "index/vector/hnsw/scratch.h"
#include "index/vector/kernel_rows.h"
#include "simd/row_filter.h"
#include "simd/row_sketch.h"
#include "types/bitset.h"

namespace elanus::index {

class SketchSieve {
 public:
  // Rows that it holds at most, and what it leaves in its scratch for each.
  static constexpr std::size_t kMaxRows = 65536;
  static constexpr std::size_t kRowBytes =
      sizeof(std::uint32_t) + sizeof(float);

  // `query` as rows are stored: see BindQueries. Bounds leave room for the
  // share `room` of the standard deviations that they are meant to hold by:
  // with less than 1 fewer rows are looked at, and more are missed.
  SketchSieve(const RowSketches& sketches, const float* query,
              WalkScratch& scratch, float room = 1);

  bool is_full() const { return count_ == kMaxRows; }
  bool HasRoomFor(std::size_t rows) const {
    return count_ + rows + simd::kFilterSlack <= kMaxRows;
  }
  // It must not be full, and no row may have been taken out since it was
  // cleared.
  void Add(std::uint32_t row) {
    PrefetchSketch(row);
    rows_.data()[count_++] = row;
    if (count_ - bounded_ >= 2 * kBatch) {
      // Not those that were just asked for.
      Bound(count_ - kBatch);
      MakeRoom(2 * kBatch);
    }
  }
  // The same for those of the rows from `begin` on that are not excluded, by
  // their numbers (row_order.h); for all if `excluded` is empty. There must be
  // room for all, and a bit for each. Returns how many.
  std::size_t AddPassing(std::size_t begin,
                         std::span<const std::uint32_t> numbers,
                         types::BitsetView excluded);
  void Clear() { count_ = bounded_ = at_ = 0; }

  // Takes out the `count` rows with the least bounds, nearest first.
  std::vector<std::uint32_t> TakeNearest(std::size_t count);

  bool HasMore() const { return at_ < count_; }
  // Of the next few rows those whose distance may be `bound` or less; valid
  // until the next call.
  std::span<const std::uint32_t> NextWithin(float bound);

 private:
  static constexpr std::size_t kBatch = 64;

  void PrefetchSketch(std::uint32_t row) const {
    const std::uint8_t* const record = table_.data + row * table_.stride;
    Prefetch(record, table_.stride);
    // A record may end in one more line.
    __builtin_prefetch(record + table_.stride - 1);
  }
  // For so many rows more.
  void MakeRoom(std::size_t rows);
  // The bounds of the rows that have none, up to the one at `end`.
  void Bound(std::size_t end);
  // What the `count` least bounds are within, as the first rows tell.
  float BoundOfFirst(std::size_t count) const;
  // The places, from `begin` on, of bounds in a batch that are within `bound`.
  std::span<std::uint32_t> PlacesWithin(std::size_t begin, float bound);

  const simd::SketchTable table_;
  const SketchQuery query_;
  std::vector<std::uint32_t>& rows_;
  std::vector<float>& bounds_;
  std::size_t count_ = 0;
  std::size_t bounded_ = 0;
  std::size_t at_ = 0;
  std::array<std::uint32_t, kBatch + 16> within_;  // what collect wants
};

}  // namespace elanus::index

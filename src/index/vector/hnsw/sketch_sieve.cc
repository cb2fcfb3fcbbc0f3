#include "index/vector/hnsw/sketch_sieve.h"

#include <algorithm>
#include <functional>

#include "index/vector/hnsw/nearest_bound.h"
#include "index/vector/topk.h"
#include "simd/packed_rows.h"

namespace elanus::index {

namespace {

// By the first of its rows a sieve knows how near the nearest are at least.
constexpr std::size_t kFirstRows = 512;

}  // namespace

SketchSieve::SketchSieve(const RowSketches& sketches, const float* query,
                         WalkScratch& scratch, float room)
    : table_(sketches.table()),
      query_(sketches.Bind(query, room)),
      rows_(scratch.sketched),
      bounds_(scratch.sketch_bounds) {
  Bound();
}

void SketchSieve::Bound() {
  simd::SketchKernels().bounds(query_.probe(), table_, rows_.data() + bounded_,
                               count_ - bounded_, bounds_.data() + bounded_);
  bounded_ = count_;
  if (rows_.size() < std::min(kMaxRows, count_ + kBatch)) {
    const std::size_t room = std::min(kMaxRows, 2 * count_ + kBatch);
    // Not more: resize alone may take twice what it had.
    rows_.reserve(room);
    rows_.resize(room);
    bounds_.reserve(room);
    bounds_.resize(room);
  }
}

std::span<std::uint32_t> SketchSieve::PlacesWithin(std::size_t begin,
                                                   float bound) {
  const std::size_t found = simd::ChoosePackedKernels().collect(
      bounds_.data() + begin, std::min(kBatch, count_ - begin), bound,
      within_.data());
  return {within_.data(), found};
}

std::span<const std::uint32_t> SketchSieve::NextWithin(float bound) {
  const std::span<std::uint32_t> places = PlacesWithin(at_, bound);
  for (std::uint32_t& place : places) place = rows_[at_ + place];
  at_ = std::min(count_, at_ + kBatch);
  return places;
}

float SketchSieve::BoundOfFirst(std::size_t count) const {
  const std::size_t looked_at = std::min(count_, kFirstRows);
  if (looked_at < count) return kNoDistance;
  std::array<std::uint32_t, kFirstRows + kPlacesSlack> places;
  return BoundOfSmallest(std::span(bounds_).first(looked_at), count,
                         places.data())
      .bound;
}

std::vector<std::uint32_t> SketchSieve::TakeNearest(std::size_t count) {
  Bound();
  TopK nearest(count);
  const float first = BoundOfFirst(count);
  for (std::size_t begin = 0; begin < count_; begin += kBatch) {
    for (const std::uint32_t place :
         PlacesWithin(begin, std::min(first, nearest.bound()))) {
      const std::size_t at = begin + place;
      nearest.Offer({bounds_[at], static_cast<std::uint32_t>(at)});
    }
  }
  std::vector<std::uint32_t> places;
  std::vector<std::uint32_t> taken;
  for (const Neighbor& at : nearest.TakeSorted()) {
    places.push_back(at.row);
    taken.push_back(rows_[at.row]);
  }
  // The last row moves to where one was taken out, from behind.
  std::ranges::sort(places, std::greater<>());
  for (const std::uint32_t place : places) {
    --count_;
    rows_[place] = rows_[count_];
    bounds_[place] = bounds_[count_];
  }
  bounded_ = count_;
  return taken;
}

}  // namespace elanus::index

#include "index/vector/hnsw/sketch_sieve.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "index/vector/nearest_bound.h"
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
  MakeRoom(2 * kBatch);
}

void SketchSieve::MakeRoom(std::size_t rows) {
  const std::size_t needed =
      std::min(kMaxRows, count_ + rows + simd::kFilterSlack);
  if (rows_.size() >= needed) return;
  const std::size_t room = std::min(kMaxRows, needed + count_);
  // Not more: resize alone may take twice what it had.
  rows_.reserve(room);
  rows_.resize(room);
  bounds_.reserve(room);
  bounds_.resize(room);
}

std::size_t SketchSieve::AddPassing(std::size_t begin,
                                    std::span<const std::uint32_t> numbers,
                                    types::BitsetView excluded) {
  const std::size_t count = numbers.size();
  MakeRoom(count);
  std::uint32_t* const added = rows_.data() + count_;
  const auto first = static_cast<std::uint32_t>(begin);
  std::size_t passing = count;
  if (excluded.empty()) {
    std::iota(added, added + count, first);
  } else {
    passing = simd::FilterKernels().passing(numbers.data(), count,
                                            excluded.words(), first, added);
  }
  for (std::size_t i = 0; i < passing; ++i) PrefetchSketch(added[i]);
  // Those that were asked for earlier: they are here by now.
  if (count_ - bounded_ >= kBatch) Bound(count_);
  count_ += passing;
  return passing;
}

void SketchSieve::Bound(std::size_t end) {
  simd::SketchKernels().bounds(query_.probe(), table_, rows_.data() + bounded_,
                               end - bounded_, bounds_.data() + bounded_);
  bounded_ = end;
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
  for (std::uint32_t& place : places) {
    place = rows_[at_ + place];
  }
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
  Bound(count_);
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

// What a graph knows of its own recall: measured while it was built, on rows
// that were held out as queries.
//
//   const RecallCurve curve(points);
//   std::size_t ef = curve.EfFor(0.95);
//   ef = curve.Widened(64);  // as hard as the data is
//   ef = curve.EffortFor(params, k).ef;
//
// Threads: immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/vector/vector_index.h"

namespace elanus::index {

// A walk that keeps `ef` candidates finds the share `recall` of the nearest
// kMeasuredNeighbours. The section kRecallCurve is an array of these, `ef`
// rising.
struct RecallPoint {
  std::uint32_t ef;
  float recall;
};
static_assert(sizeof(RecallPoint) == 8);

// How far a search has to go.
struct Effort {
  std::size_t ef = 0;
  double recall = 0;  // what it finds of the ten nearest; 0: nobody knows
};

class RecallCurve {
 public:
  // No points: nothing was measured.
  explicit RecallCurve(std::span<const RecallPoint> points = {});

  bool empty() const { return points_.empty(); }

  // The least ef that finds `recall` of the ten nearest; where that was never
  // reached, the largest ef tried. The curve must not be empty.
  std::size_t EfFor(double recall) const;

  // The share of the ten nearest that an ef finds; beyond the ends of the curve
  // that of the ends. The curve must not be empty.
  double RecallOf(std::size_t ef) const;

  // What `ef` has to be on this data so that an ef of 64 finds 0.95: `ef`
  // itself on ordinary data, up to 16 times as much on hard data.
  std::size_t Widened(std::size_t ef) const;

  // For `k` hits, as the parameters say it; those that say neither `ef` nor a
  // recall want 0.95. Without points the data is taken for ordinary.
  Effort EffortFor(const SearchParams& params, std::size_t k) const;

 private:
  std::vector<RecallPoint> points_;
  double factor_ = 1;
};

}  // namespace elanus::index

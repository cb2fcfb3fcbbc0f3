// How far a search through lists has to go: how many of those nearest to a
// query hold which share of its nearest rows. Measured while an index is built,
// on rows held out as queries.
//
// Where a share p of the rows passes a filter, the k nearest of these are
// spread over the k / p nearest of all: that is how deep a search has to look.
//
//   PutReach(MeasureReach(ranks, lists), section);
//   const ListReach reach(section);
//   std::size_t probes = reach.ProbesFor(0.95, k / p);
//
// Threads: immutable.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/vector/hnsw/recall_curve.h"

namespace elanus::index {

// So many of the nearest rows are looked for, by queries of the measurement.
inline constexpr std::array<std::size_t, 6> kReachDepths = {10,  20,  50,
                                                            100, 200, 500};
inline constexpr std::size_t kReachPoints = 16;

// The section kListReach. The `probes[i]` nearest lists hold `shares[d][i]` of
// the nearest kReachDepths[d] rows; both rise with i, to all of them.
struct ReachSection {
  std::array<std::uint32_t, kReachPoints> probes;
  std::array<std::array<float, kReachPoints>, kReachDepths.size()> shares;
};
static_assert(sizeof(ReachSection) == 448);

// `places[q * kReachDepths.back() + i]`: query q's i-th nearest row lies in the
// list that is its so many nearest, from 0.
ReachSection ReachOf(std::span<const std::uint32_t> places, std::size_t lists);

class ListReach {
 public:
  explicit ListReach(const ReachSection& section);

  // Whether the section can be one of so many lists.
  static bool Fits(const ReachSection& section, std::size_t lists);

  // How many lists hold the share `recall` of the nearest `depth` rows. Deeper
  // than what was measured it goes on as it came.
  std::size_t ProbesFor(double recall, double depth) const;

 private:
  std::size_t lists_;
  std::vector<RecallCurve> curves_;  // one a depth
};

}  // namespace elanus::index

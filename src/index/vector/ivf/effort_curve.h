// What a SCANN index knows of its own recall: how many lists have to be looked
// into, and how many rows ranked again, for which share of the nearest rows.
// Measured while it was built, on rows held out as queries.
//
//   const EffortCurve curve(points, is_auto);
//   EffortPoint enough = curve.For(0.95);
//   ASSIGN_OR_RETURN(const SearchParams params, curve.Resolve(asked, k));
//
// Threads: immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "index/vector/index_file.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

// A search of `nprobe` lists, which have `rows` rows on the average, that ranks
// `reorder_k` of them again finds the share `recall` of the nearest
// kMeasuredNeighbours.
struct EffortPoint {
  std::uint32_t nprobe = 0;
  std::uint32_t reorder_k = 0;
  std::uint32_t rows = 0;
  float recall = 0;

  friend bool operator==(const EffortPoint&, const EffortPoint&) = default;
};
static_assert(sizeof(EffortPoint) == 16);

inline constexpr std::size_t kMaxEffortPoints = 16;

// The section kRecallCurve of a SCANN file.
struct EffortSection {
  std::uint32_t points = 0;
  std::uint32_t is_auto = 0;
  EffortPoint room[kMaxEffortPoints];
};
static_assert(sizeof(EffortSection) == 264);

class EffortCurve {
 public:
  // Nothing was measured.
  EffortCurve() = default;
  // `points`: recall, lists and rows never fall. `is_auto`: AUTOINDEX chose
  // this type; what a request says of lists is not meant for it.
  EffortCurve(std::span<const EffortPoint> points, bool is_auto)
      : points_(points.begin(), points.end()), is_auto_(is_auto) {}

  bool empty() const { return points_.empty(); }
  bool is_auto() const { return is_auto_; }

  // The least effort that finds `recall`; where that was never reached, the
  // largest one tried. The curve must not be empty.
  EffortPoint For(double recall) const;

  // `asked` for `k` hits, with a recall asked for put into lists and rows.
  // Errors: kParameterInvalid for what says both, or an ef below k.
  absl::StatusOr<SearchParams> Resolve(SearchParams asked, std::size_t k) const;

 private:
  std::vector<EffortPoint> points_;
  bool is_auto_ = false;
};

// Files of before have no such section: an empty curve.
absl::StatusOr<EffortCurve> EffortCurveIn(const IndexFileReader& file,
                                          std::uint32_t lists);
void PutEffortCurve(std::span<const EffortPoint> points, bool is_auto,
                    IndexFileWriter& file);

}  // namespace elanus::index

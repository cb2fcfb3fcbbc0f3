#include "index/vector/hnsw/recall_curve.h"

#include <algorithm>
#include <cmath>

#include "index/vector/held_out.h"

namespace elanus::index {
namespace {

// The ef that is to be enough, and for what; a little more is asked for, since
// a few hundred queries tell the recall within half a hundredth.
constexpr double kUsualEf = 64;
constexpr double kUsualRecall = 0.96;
constexpr double kMaxFactor = 16;
// Where a search says neither ef nor recall.
constexpr double kDefaultRecall = 0.95;
// Of ordinary data: an ef of 64 misses one row in twenty, twice as many half of
// that.
constexpr double kUsuallyMissed = 0.05;
constexpr double kMaxUsualEf = 2048;

std::size_t UsualEfFor(double recall) {
  const double ef = kUsualEf * kUsuallyMissed / std::max(1e-3, 1 - recall);
  return static_cast<std::size_t>(std::min(kMaxUsualEf, std::ceil(ef)));
}

// Nearly a straight line over log(ef).
double Difficulty(double recall) {
  return std::log(std::max(1e-6, 1.0 - recall));
}

}  // namespace

RecallCurve::RecallCurve(std::span<const RecallPoint> points)
    : points_(points.begin(), points.end()) {
  // More candidates never find less; a drop is noise.
  for (std::size_t i = 1; i < points_.size(); ++i) {
    points_[i].recall = std::max(points_[i].recall, points_[i - 1].recall);
  }
  if (points_.empty()) return;
  factor_ = std::clamp(static_cast<double>(EfFor(kUsualRecall)) / kUsualEf, 1.0,
                       kMaxFactor);
}

std::size_t RecallCurve::EfFor(double recall) const {
  const auto above = std::find_if(
      points_.begin(), points_.end(),
      [recall](const RecallPoint& point) { return point.recall >= recall; });
  if (above == points_.end()) return points_.back().ef;
  if (above == points_.begin()) return above->ef;
  const RecallPoint below = *(above - 1);
  const double from = Difficulty(below.recall);
  const double share =
      (Difficulty(recall) - from) / (Difficulty(above->recall) - from);
  const double ef =
      below.ef * std::pow(static_cast<double>(above->ef) / below.ef, share);
  return static_cast<std::size_t>(std::ceil(ef));
}

double RecallCurve::RecallOf(std::size_t ef) const {
  const auto above =
      std::find_if(points_.begin(), points_.end(),
                   [ef](const RecallPoint& point) { return point.ef >= ef; });
  if (above == points_.end()) return double{points_.back().recall};
  if (above == points_.begin()) return double{above->recall};
  const RecallPoint below = *(above - 1);
  const double share = std::log(static_cast<double>(ef) / below.ef) /
                       std::log(static_cast<double>(above->ef) / below.ef);
  const double from = Difficulty(below.recall);
  return 1 - std::exp(from + share * (Difficulty(above->recall) - from));
}

std::size_t RecallCurve::Widened(std::size_t ef) const {
  return static_cast<std::size_t>(std::ceil(static_cast<double>(ef) * factor_));
}

Effort RecallCurve::EffortFor(const SearchParams& params, std::size_t k) const {
  // The curve speaks of ten neighbours.
  const std::size_t more = k - std::min(k, kMeasuredNeighbours);
  if (params.ef != 0) {
    const std::size_t ef = Widened(params.ef);
    return {ef, empty() ? 0 : RecallOf(ef - std::min(ef, more))};
  }
  const double recall =
      params.target_recall == 0 ? kDefaultRecall : params.target_recall;
  if (empty()) return {UsualEfFor(recall) + more, 0};
  return {EfFor(recall) + more, recall};
}

}  // namespace elanus::index

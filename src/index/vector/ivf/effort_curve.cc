#include "index/vector/ivf/effort_curve.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "index/vector/held_out.h"

namespace elanus::index {
namespace {

// Where a search says nothing.
constexpr double kDefaultRecall = 0.95;
// A graph with so many candidates misses so much on data that is hard for it,
// and half of that with twice as many.
constexpr double kUsualEf = 64;
constexpr double kMissedAtUsualEf = 0.04;
// Where nothing was measured, a recall asked for costs all lists and so many
// rows for each hit.
constexpr std::size_t kUnmeasuredLists = 65536;
constexpr std::size_t kUnmeasuredRows = 20;
// More hits than were measured lie in more lists: by this power of their
// number. Measured.
constexpr double kProbesByHits = 0.25;

// Nearly a straight line over the logarithm of the effort.
double Difficulty(double recall) {
  return std::log(std::max(1e-6, 1.0 - recall));
}

std::uint32_t Between(std::uint32_t below, std::uint32_t above, double share) {
  return static_cast<std::uint32_t>(
      std::ceil(below * std::pow(static_cast<double>(above) / below, share)));
}

double RecallOfEf(std::size_t ef) {
  return 1 -
         std::min(1.0, kMissedAtUsualEf * kUsualEf / static_cast<double>(ef));
}

}  // namespace

EffortPoint EffortCurve::For(double recall) const {
  const auto above = std::find_if(
      points_.begin(), points_.end(),
      [recall](const EffortPoint& point) { return point.recall >= recall; });
  if (above == points_.end()) return points_.back();
  if (above == points_.begin()) return *above;
  const EffortPoint below = *(above - 1);
  const double from = Difficulty(below.recall);
  const double to = Difficulty(above->recall);
  if (!(to < from)) return *above;
  const double share = (Difficulty(recall) - from) / (to - from);
  return {.nprobe = Between(below.nprobe, above->nprobe, share),
          .reorder_k = Between(below.reorder_k, above->reorder_k, share),
          .rows = Between(below.rows, above->rows, share),
          .recall = static_cast<float>(recall)};
}

absl::StatusOr<SearchParams> EffortCurve::Resolve(SearchParams asked,
                                                  std::size_t k) const {
  const bool names_effort =
      !is_auto_ && (asked.nprobe != 0 || asked.reorder_k != 0);
  if (names_effort && asked.target_recall != 0) {
    return base::InvalidInput(
        base::ErrorCode::kParameterInvalid,
        "nprobe or reorder_k and target_recall({}) are both given, one of them "
        "says how far to search",
        asked.target_recall);
  }
  if (names_effort) return asked;
  double recall =
      asked.target_recall == 0 ? kDefaultRecall : asked.target_recall;
  if (is_auto_ && asked.ef != 0) {
    if (asked.ef < k) {
      return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                                "ef({}) should be larger than k({})", asked.ef,
                                k);
    }
    recall = RecallOfEf(asked.ef);
  }
  if (points_.empty()) {
    if (asked.target_recall == 0) return asked;
    asked.nprobe = kUnmeasuredLists;
    asked.reorder_k = kUnmeasuredRows * std::max(k, kMeasuredNeighbours);
    return asked;
  }
  const EffortPoint enough = For(recall);
  const double more = std::max(
      1.0, static_cast<double>(k) / static_cast<double>(kMeasuredNeighbours));
  asked.nprobe = static_cast<std::size_t>(
      std::ceil(enough.nprobe * std::pow(more, kProbesByHits)));
  asked.reorder_k =
      static_cast<std::size_t>(std::ceil(enough.reorder_k * more));
  return asked;
}

absl::StatusOr<EffortCurve> EffortCurveIn(const IndexFileReader& file,
                                          std::uint32_t lists) {
  if (!file.Has(Section::kRecallCurve)) return EffortCurve();
  ASSIGN_OR_RETURN(
      const auto bytes,
      file.Array<std::byte>(Section::kRecallCurve, sizeof(EffortSection)));
  EffortSection section;
  std::memcpy(&section, bytes.data(), sizeof(section));
  if (section.points > kMaxEffortPoints) {
    return base::DataLoss("{}: {} points of recall", file.name(),
                          section.points);
  }
  const std::span<const EffortPoint> points(section.room, section.points);
  EffortPoint before = {.nprobe = 1, .reorder_k = 1, .rows = 1};
  for (const EffortPoint& point : points) {
    if (point.nprobe < before.nprobe || point.nprobe > lists ||
        point.reorder_k < before.reorder_k || point.rows < before.rows ||
        !(point.recall >= before.recall && point.recall <= 1)) {
      return base::DataLoss("{}: recall {} by {} lists and {} rows after {}",
                            file.name(), point.recall, point.nprobe,
                            point.reorder_k, before.recall);
    }
    before = point;
  }
  return EffortCurve(points, section.is_auto != 0);
}

void PutEffortCurve(std::span<const EffortPoint> points, bool is_auto,
                    IndexFileWriter& file) {
  EffortSection section = {.points = static_cast<std::uint32_t>(
                               std::min(points.size(), kMaxEffortPoints)),
                           .is_auto = is_auto ? 1U : 0U};
  std::copy_n(points.begin(), section.points, section.room);
  std::memcpy(file.array<std::byte>(Section::kRecallCurve), &section,
              sizeof(section));
}

}  // namespace elanus::index

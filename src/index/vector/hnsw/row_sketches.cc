#include "index/vector/hnsw/row_sketches.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "index/vector/hnsw/graph.h"
#include "index/vector/parallel.h"

namespace elanus::index {
namespace {

// Rows looked at: more do not move the middle.
constexpr std::size_t kMaxSample = 10000;
constexpr std::size_t kRowsBetweenChecks = 1024;

// Of the values that are numbers.
void FindMiddle(const HnswGraph& graph, std::span<float> middle) {
  std::vector<double> sums(middle.size());
  std::vector<std::size_t> counts(middle.size());
  const std::size_t every = graph.rows / kMaxSample + 1;
  for (std::size_t row = 0; row < graph.rows; row += every) {
    const float* const x = graph.Vector(static_cast<std::uint32_t>(row));
    for (std::size_t d = 0; d < sums.size(); ++d) {
      if (!std::isfinite(x[d])) continue;
      sums[d] += double{x[d]};
      ++counts[d];
    }
  }
  for (std::size_t d = 0; d < sums.size(); ++d) {
    const auto count = static_cast<double>(std::max<std::size_t>(1, counts[d]));
    middle[d] = static_cast<float>(sums[d] / count);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<RowSketches>> RowSketches::Open(
    const IndexFileReader& file) {
  if (!file.Has(Section::kSketches)) return nullptr;
  const IndexFileInfo& info = file.info();
  if (file.Bytes(Section::kSketches).empty()) return nullptr;
  if (info.version < kOrderedVersion && file.Has(Section::kRowPositions) &&
      !file.Bytes(Section::kRowPositions).empty()) {
    return nullptr;
  }
  if (info.dim < SketchCodec::kMinDim) {
    return base::DataLoss("{}: sketches of {} dimensions", file.name(),
                          info.dim);
  }
  ASSIGN_OR_RETURN(const auto middle,
                   file.Array<float>(Section::kSketchMiddle, info.dim));
  for (const float value : middle) {
    if (!std::isfinite(value)) {
      return base::DataLoss("{}: {} in the middle of its sketches", file.name(),
                            value);
    }
  }
  ASSIGN_OR_RETURN(
      const auto records,
      file.Array<std::uint8_t>(
          Section::kSketches,
          SketchCodec::BytesOf(info.dim, static_cast<std::size_t>(info.rows))));
  const types::MetricType stored = info.metric == types::MetricType::kCosine
                                       ? types::MetricType::kIp
                                       : info.metric;
  return std::unique_ptr<RowSketches>(
      new RowSketches(stored, middle, records.data()));
}

absl::Status FillSketches(const base::OpContext& ctx, const HnswGraph& graph,
                          const SketchRoom& room, const BuildOptions& options) {
  if (room.records.empty()) return absl::OkStatus();
  FindMiddle(graph, room.middle);
  const SketchCodec codec(graph.stored_metric, room.middle);
  const std::size_t stride = SketchCodec::StrideOf(graph.dim);
  return ForEachTogether(ctx, graph.rows, kRowsBetweenChecks, options.executor,
                         options.max_threads, [&](std::size_t row) {
                           codec.Encode(
                               graph.Vector(static_cast<std::uint32_t>(row)),
                               room.records.data() + row * stride);
                         });
}

}  // namespace elanus::index

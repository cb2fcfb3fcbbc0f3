#include "index/vector/hnsw/layout.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "types/bitset.h"

namespace elanus::index {
namespace {

using base::DataLoss;

// Rows carry a mark in the highest bit while a walk is on.
constexpr std::uint64_t kMaxRows = std::uint64_t{1} << 31;

void SetShape(HnswGraph& graph, const HnswHeader& header, std::size_t dim,
              std::size_t rows, types::MetricType metric) {
  graph.dim = dim;
  graph.rows = rows;
  graph.m = header.m;
  graph.links_stride = AlignSlots(std::size_t{2} * header.m, kLinkAlignment);
  graph.upper_stride = AlignSlots(header.m, kLinkAlignment);
  graph.vectors.stride = AlignSlots(dim, kVectorAlignment);
  graph.entry = header.entry;
  graph.max_level = header.max_level;
  graph.stored_metric =
      metric == types::MetricType::kCosine ? types::MetricType::kIp : metric;
  graph.kernels = KernelsOf(metric);
}

absl::StatusOr<HnswHeader> HeaderIn(const IndexFileReader& file) {
  ASSIGN_OR_RETURN(const auto bytes,
                   file.Array<std::byte>(Section::kParams, sizeof(HnswHeader)));
  HnswHeader header{};
  std::memcpy(&header, bytes.data(), sizeof(header));
  const IndexFileInfo& info = file.info();
  if (!CheckFloatMetric(info.metric).ok() || info.dim == 0 ||
      info.dim > (1U << 24) || info.rows >= kMaxRows || header.m < 2 ||
      header.m > 2048 || header.max_level > kMaxHnswLevel ||
      header.recall_points > kMaxRecallPoints ||
      (info.rows > 0 && header.entry >= info.rows)) {
    return DataLoss(
        "{}: {} rows of {} dimensions, metric {}, M {}, entry {}, level {}",
        file.name(), info.rows, info.dim, static_cast<int>(info.metric),
        header.m, header.entry, header.max_level);
  }
  return header;
}

absl::Status CheckLevels(const IndexFileReader& file, const HnswGraph& graph,
                         std::uint32_t upper_lists) {
  std::uint64_t first = 0;
  for (std::size_t row = 0; row < graph.rows; ++row) {
    if (graph.levels[row] > graph.max_level ||
        graph.upper_first[row] != first) {
      return DataLoss("{}: row {} has level {} of {} and list {}, expected {}",
                      file.name(), row, graph.levels[row], graph.max_level,
                      graph.upper_first[row], first);
    }
    first += graph.levels[row];
  }
  if (first != upper_lists ||
      (graph.rows > 0 && graph.levels[graph.entry] != graph.max_level)) {
    return DataLoss("{}: {} upper lists for {} levels, entry point {}",
                    file.name(), upper_lists, first, graph.entry);
  }
  return absl::OkStatus();
}

// Chains rise and never meet; `behind` gets the rows that stand behind others.
absl::Status CheckChains(const IndexFileReader& file, const HnswGraph& graph,
                         types::Bitset& behind) {
  for (std::uint32_t row = 0; row < graph.rows; ++row) {
    const std::uint32_t next = graph.NextEqual(row);
    if (next == kNoRow) continue;
    if (next <= row || next >= graph.rows || behind.Test(next)) {
      return DataLoss("{}: row {} is said to equal row {}", file.name(), row,
                      next);
    }
    behind.Set(next);
  }
  if (graph.rows > 0 && behind.Test(graph.entry)) {
    return DataLoss("{}: the entry point {} stands behind an equal row",
                    file.name(), graph.entry);
  }
  return absl::OkStatus();
}

// No link leaves the graph.
absl::Status CheckLinks(const IndexFileReader& file, const HnswGraph& graph,
                        const types::Bitset& behind) {
  for (std::uint32_t row = 0; row < graph.rows; ++row) {
    for (std::uint32_t level = 0; level <= graph.levels[row]; ++level) {
      const std::uint32_t* links = graph.Links(row, level);
      for (std::size_t i = 0; i < graph.capacity(level); ++i) {
        if (links[i] == kNoRow) break;
        if (links[i] >= graph.rows || graph.levels[links[i]] < level ||
            behind.Test(links[i])) {
          return DataLoss("{}: row {} links to {} at level {}", file.name(),
                          row, links[i], level);
        }
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

IndexFileWriter MakeHnswFile(const HnswShape& shape) {
  const std::span<const std::uint8_t> levels = shape.levels;
  const std::size_t rows = levels.size();
  HnswHeader header{};
  header.m = shape.params.m;
  header.ef_construction = shape.params.ef_construction;
  header.seed = shape.seed;
  std::vector<std::uint32_t> upper_first;
  upper_first.reserve(rows);
  for (const std::uint8_t level : levels) {
    upper_first.push_back(header.upper_lists);
    header.upper_lists += level;
  }
  // The first of the highest rows: never one behind an equal one, whose level
  // is 0.
  const auto top = std::max_element(levels.begin(), levels.end());
  header.entry = static_cast<std::uint32_t>(top - levels.begin());
  header.max_level = top == levels.end() ? 0 : *top;

  HnswGraph graph;
  SetShape(graph, header, shape.dim, rows, shape.metric);
  constexpr std::size_t kLink = sizeof(std::uint32_t);
  const std::array sections = {
      SectionSize{Section::kParams, sizeof(HnswHeader)},
      SectionSize{Section::kRecallCurve,
                  kMaxRecallPoints * sizeof(RecallPoint)},
      SectionSize{Section::kLevels, rows},
      SectionSize{Section::kNextEqual, shape.next_equal.size() * kLink},
      SectionSize{Section::kUpperFirst, rows * kLink},
      SectionSize{Section::kUpperLinks,
                  header.upper_lists * graph.upper_stride * kLink},
      SectionSize{Section::kLinks, rows * graph.links_stride * kLink},
      SectionSize{Section::kVectors,
                  rows * graph.vectors.stride * sizeof(float)}};
  IndexFileWriter file({.type = IndexType::kHnsw,
                        .metric = shape.metric,
                        .dim = static_cast<std::uint32_t>(shape.dim),
                        .rows = rows},
                       sections);
  std::memcpy(file.section(Section::kParams).data(), &header, sizeof(header));
  std::copy(levels.begin(), levels.end(),
            file.array<std::uint8_t>(Section::kLevels));
  std::copy(upper_first.begin(), upper_first.end(),
            file.array<std::uint32_t>(Section::kUpperFirst));
  std::copy(shape.next_equal.begin(), shape.next_equal.end(),
            file.array<std::uint32_t>(Section::kNextEqual));
  for (const Section links : {Section::kUpperLinks, Section::kLinks}) {
    const std::span<std::byte> bytes = file.section(links);
    std::fill(bytes.begin(), bytes.end(), std::byte{0xFF});
  }
  return file;
}

void PutRecallCurve(std::span<const RecallPoint> points,
                    IndexFileWriter& file) {
  std::copy(points.begin(), points.end(),
            file.array<RecallPoint>(Section::kRecallCurve));
  HnswHeader header{};
  std::byte* const at = file.section(Section::kParams).data();
  std::memcpy(&header, at, sizeof(header));
  header.recall_points = static_cast<std::uint32_t>(points.size());
  std::memcpy(at, &header, sizeof(header));
}

HnswGraph GraphIn(IndexFileWriter& file, const HnswShape& shape) {
  HnswHeader header{};
  std::memcpy(&header, file.section(Section::kParams).data(), sizeof(header));
  HnswGraph graph;
  SetShape(graph, header, shape.dim, shape.levels.size(), shape.metric);
  graph.vectors.data = file.array<float>(Section::kVectors);
  graph.links = file.array<std::uint32_t>(Section::kLinks);
  graph.upper_links = file.array<std::uint32_t>(Section::kUpperLinks);
  graph.upper_first = file.array<std::uint32_t>(Section::kUpperFirst);
  graph.levels = file.array<std::uint8_t>(Section::kLevels);
  if (!shape.next_equal.empty()) {
    graph.next_equal = file.array<std::uint32_t>(Section::kNextEqual);
  }
  return graph;
}

absl::StatusOr<HnswGraph> GraphIn(const IndexFileReader& file) {
  ASSIGN_OR_RETURN(const HnswHeader header, HeaderIn(file));
  const IndexFileInfo& info = file.info();
  HnswGraph graph;
  SetShape(graph, header, info.dim, static_cast<std::size_t>(info.rows),
           info.metric);
  ASSIGN_OR_RETURN(const auto levels,
                   file.Array<std::uint8_t>(Section::kLevels, info.rows));
  ASSIGN_OR_RETURN(const auto upper_first,
                   file.Array<std::uint32_t>(Section::kUpperFirst, info.rows));
  ASSIGN_OR_RETURN(const auto upper_links,
                   file.Array<std::uint32_t>(
                       Section::kUpperLinks,
                       std::uint64_t{header.upper_lists} * graph.upper_stride));
  ASSIGN_OR_RETURN(const auto links,
                   file.Array<std::uint32_t>(Section::kLinks,
                                             info.rows * graph.links_stride));
  ASSIGN_OR_RETURN(
      const auto vectors,
      file.Array<float>(Section::kVectors, info.rows * graph.vectors.stride));
  graph.levels = levels.data();
  graph.upper_first = upper_first.data();
  graph.upper_links = upper_links.data();
  graph.links = links.data();
  graph.vectors.data = vectors.data();
  if (const auto equal = file.Array<std::uint32_t>(Section::kNextEqual, 0);
      !equal.ok()) {
    ASSIGN_OR_RETURN(const auto next,
                     file.Array<std::uint32_t>(Section::kNextEqual, info.rows));
    graph.next_equal = next.data();
  }
  types::Bitset behind(graph.rows);
  RETURN_IF_ERROR(CheckLevels(file, graph, header.upper_lists));
  RETURN_IF_ERROR(CheckChains(file, graph, behind));
  RETURN_IF_ERROR(CheckLinks(file, graph, behind));
  return graph;
}

absl::StatusOr<HnswParams> ParamsIn(const IndexFileReader& file) {
  ASSIGN_OR_RETURN(const HnswHeader header, HeaderIn(file));
  return HnswParams{.m = header.m, .ef_construction = header.ef_construction};
}

absl::StatusOr<RecallCurve> RecallCurveIn(const IndexFileReader& file) {
  ASSIGN_OR_RETURN(const HnswHeader header, HeaderIn(file));
  if (header.recall_points == 0) return RecallCurve();
  ASSIGN_OR_RETURN(
      const std::span<const RecallPoint> room,
      file.Array<RecallPoint>(Section::kRecallCurve, kMaxRecallPoints));
  const auto points = room.first(header.recall_points);
  std::uint32_t before = 0;
  for (const RecallPoint& point : points) {
    if (point.ef <= before || !(point.recall >= 0 && point.recall <= 1)) {
      return DataLoss("{}: recall {} at ef {} after ef {}", file.name(),
                      point.recall, point.ef, before);
    }
    before = point.ef;
  }
  return RecallCurve(points);
}

}  // namespace elanus::index

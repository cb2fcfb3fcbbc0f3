#include "index/vector/hnsw/layout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "index/vector/hnsw/levels.h"
#include "index/vector/hnsw/product_rows.h"
#include "types/bitset.h"

namespace elanus::index {
namespace {

using base::DataLoss;

// Rows carry a mark in the highest bit while a walk is on.
constexpr std::uint64_t kMaxRows = std::uint64_t{1} << 31;
// HnswHeader up to version 2.
constexpr std::size_t kShortHeaderBytes = 32;

void SetShape(HnswGraph& graph, const HnswHeader& header, std::size_t dim,
              std::size_t rows, types::MetricType metric) {
  graph = EmptyGraph(metric, dim, header.m);
  graph.rows = rows;
  graph.vectors.stride = header.vector_stride;
  graph.codes.stride = header.code_stride;
  graph.entry = header.entry;
  graph.max_level = header.max_level;
}

HnswHeader HeaderOf(IndexFileWriter& file) {
  HnswHeader header{};
  std::memcpy(&header, file.section(Section::kParams).data(), sizeof(header));
  return header;
}

void PutHeader(const HnswHeader& header, IndexFileWriter& file) {
  std::memcpy(file.section(Section::kParams).data(), &header, sizeof(header));
}

// Finds the codes in a file that has some.
absl::Status ReadCodes(const IndexFileReader& file, HnswGraph& graph) {
  ASSIGN_OR_RETURN(const auto codec,
                   file.Array<float>(Section::kByteCodec, 2 * graph.dim));
  for (const float value : codec) {
    if (!std::isfinite(value)) {
      return DataLoss("{}: {} in the codec", file.name(), value);
    }
  }
  graph.codec = ByteCodec(graph.stored_metric, codec.first(graph.dim),
                          codec.subspan(graph.dim));
  ASSIGN_OR_RETURN(const auto codes,
                   file.Array<std::uint8_t>(Section::kByteCodes,
                                            graph.rows * graph.codes.stride));
  graph.codes.data = codes.data();
  if (graph.stored_metric == types::MetricType::kL2) {
    ASSIGN_OR_RETURN(const auto terms,
                     file.Array<float>(Section::kByteTerms, graph.rows));
    graph.code_terms = terms.data();
  }
  if (file.Has(Section::kByteErrors)) {
    ASSIGN_OR_RETURN(const auto errors,
                     file.Array<float>(Section::kByteErrors, graph.rows + 1));
    graph.code_errors = errors.data();
    graph.longest_code = errors.back();
  }
  return absl::OkStatus();
}

bool StridesFit(const IndexFileInfo& info, const HnswHeader& header) {
  if (HasProductRows(info.type)) {
    return header.vector_stride == 0 && header.code_stride == 0;
  }
  return header.vector_stride >= info.dim &&
         (header.code_stride == 0 || header.code_stride >= info.dim);
}

absl::StatusOr<HnswHeader> HeaderIn(const IndexFileReader& file) {
  const IndexFileInfo& info = file.info();
  const std::size_t size =
      info.version < 3 ? kShortHeaderBytes : sizeof(HnswHeader);
  ASSIGN_OR_RETURN(const auto bytes,
                   file.Array<std::byte>(Section::kParams, size));
  HnswHeader header{};
  std::memcpy(&header, bytes.data(), size);
  if (info.version < 3) {
    header.vector_stride =
        static_cast<std::uint32_t>(AlignSlots(info.dim, kVectorAlignment));
  }
  if (!CheckFloatMetric(info.metric).ok() || info.dim == 0 ||
      info.dim > (1U << 24) || info.rows >= kMaxRows || header.m < 2 ||
      header.m > 2048 || header.max_level > kMaxHnswLevel ||
      header.recall_points > kMaxRecallPoints || !StridesFit(info, header) ||
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
  // Where walks go by the codes, the vectors are read a few at a time.
  header.vector_stride = static_cast<std::uint32_t>(
      shape.with_codes ? shape.dim : AlignSlots(shape.dim, kVectorAlignment));
  header.code_stride =
      shape.with_codes ? static_cast<std::uint32_t>(CodeStride(shape.dim)) : 0;
  header.upper_lists = UpperFirst(levels).back();

  HnswGraph graph;
  SetShape(graph, header, shape.dim, rows, shape.metric);
  constexpr std::size_t kLink = sizeof(std::uint32_t);
  const bool has_terms =
      shape.with_codes && shape.metric == types::MetricType::kL2;
  const std::size_t ordered = shape.has_order() ? rows : 0;
  const std::size_t lists = shape.has_lists() ? RowListCount(rows) : 0;
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
      SectionSize{Section::kByteCodec,
                  shape.with_codes ? 2 * shape.dim * sizeof(float) : 0},
      SectionSize{Section::kByteTerms, has_terms ? rows * sizeof(float) : 0},
      SectionSize{Section::kByteCodes, rows * header.code_stride},
      SectionSize{Section::kByteErrors,
                  shape.with_codes ? (rows + 1) * sizeof(float) : 0},
      SectionSize{Section::kSketchMiddle,
                  shape.has_sketches() ? shape.dim * sizeof(float) : 0},
      SectionSize{
          Section::kSketches,
          shape.has_sketches() ? SketchCodec::BytesOf(shape.dim, rows) : 0},
      SectionSize{Section::kRowPositions, ordered * kLink},
      SectionSize{Section::kListReach, lists == 0 ? 0 : sizeof(ReachSection)},
      SectionSize{Section::kCentroids, lists * header.code_stride},
      SectionSize{Section::kListOffsets, lists == 0 ? 0 : (lists + 1) * kLink},
      SectionSize{Section::kListRows, ordered * kLink},
      SectionSize{Section::kVectors,
                  rows * graph.vectors.stride * sizeof(float)}};
  IndexFileWriter file({.type = shape.type,
                        .metric = shape.metric,
                        .dim = static_cast<std::uint32_t>(shape.dim),
                        .rows = rows},
                       sections);
  PutHeader(header, file);
  PutRows(shape, file);
  for (const Section links : {Section::kUpperLinks, Section::kLinks}) {
    const std::span<std::byte> bytes = file.section(links);
    std::fill(bytes.begin(), bytes.end(), std::byte{0xFF});
  }
  return file;
}

void PutRows(const HnswShape& shape, IndexFileWriter& file) {
  const std::span<const std::uint8_t> levels = shape.levels;
  std::ranges::copy(levels, file.array<std::uint8_t>(Section::kLevels));
  std::ranges::copy_n(UpperFirst(levels).begin(), std::ssize(levels),
                      file.array<std::uint32_t>(Section::kUpperFirst));
  std::ranges::copy(shape.next_equal,
                    file.array<std::uint32_t>(Section::kNextEqual));
  // The first of the highest rows: never one behind an equal one, whose level
  // is 0.
  const auto top = std::ranges::max_element(levels);
  HnswHeader header = HeaderOf(file);
  header.entry = static_cast<std::uint32_t>(top - levels.begin());
  header.max_level = top == levels.end() ? 0 : *top;
  PutHeader(header, file);
  if (shape.numbers.empty()) return;
  std::ranges::copy(shape.numbers,
                    file.array<std::uint32_t>(Section::kListRows));
  std::ranges::copy(PositionsOf(shape.numbers),
                    file.array<std::uint32_t>(Section::kRowPositions));
}

IndexFileWriter MakeCodedFile(const IndexFileReader& plain, IndexType type,
                              std::span<const SectionSize> more) {
  constexpr std::array kKept = {Section::kParams,     Section::kRecallCurve,
                                Section::kLevels,     Section::kNextEqual,
                                Section::kUpperFirst, Section::kUpperLinks,
                                Section::kLinks};
  std::vector<SectionSize> sections;
  for (const Section section : kKept) {
    sections.push_back({section, plain.Bytes(section).size()});
  }
  sections.insert(sections.end(), more.begin(), more.end());
  IndexFileInfo info = plain.info();
  info.type = type;
  IndexFileWriter file(info, sections);
  for (const Section section : kKept) {
    const std::span<const std::byte> bytes = plain.Bytes(section);
    std::copy(bytes.begin(), bytes.end(), file.section(section).begin());
  }
  HnswHeader header = HeaderOf(file);
  header.vector_stride = 0;
  header.code_stride = 0;
  PutHeader(header, file);
  return file;
}

void PutRecallCurve(std::span<const RecallPoint> points,
                    IndexFileWriter& file) {
  std::copy(points.begin(), points.end(),
            file.array<RecallPoint>(Section::kRecallCurve));
  HnswHeader header = HeaderOf(file);
  header.recall_points = static_cast<std::uint32_t>(points.size());
  PutHeader(header, file);
}

CodecRoom CodecIn(IndexFileWriter& file, const HnswShape& shape) {
  const HnswHeader header = HeaderOf(file);
  if (header.code_stride == 0) return {};
  const std::size_t rows = shape.levels.size();
  const std::span<float> codec(file.array<float>(Section::kByteCodec),
                               2 * shape.dim);
  CodecRoom room = {
      .middle = codec.first(shape.dim),
      .step = codec.subspan(shape.dim),
      .codes = {file.array<std::uint8_t>(Section::kByteCodes),
                rows * header.code_stride},
      .errors = {file.array<float>(Section::kByteErrors), rows + 1}};
  if (shape.metric == types::MetricType::kL2) {
    room.terms = {file.array<float>(Section::kByteTerms), rows};
  }
  return room;
}

SketchRoom SketchesIn(IndexFileWriter& file, const HnswShape& shape) {
  if (!shape.has_sketches()) return {};
  const std::size_t rows = shape.levels.size();
  return {.middle = {file.array<float>(Section::kSketchMiddle), shape.dim},
          .records = {file.array<std::uint8_t>(Section::kSketches),
                      SketchCodec::BytesOf(shape.dim, rows)}};
}

RowListsRoom RowListsIn(IndexFileWriter& file, const HnswShape& shape) {
  if (!shape.has_lists()) return {};
  const std::size_t lists = RowListCount(shape.levels.size());
  return {
      .centroids = {file.array<std::uint8_t>(Section::kCentroids),
                    lists * HeaderOf(file).code_stride},
      .offsets = {file.array<std::uint32_t>(Section::kListOffsets), lists + 1},
      .reach = file.array<ReachSection>(Section::kListReach)};
}

HnswGraph GraphIn(IndexFileWriter& file, const HnswShape& shape) {
  const HnswHeader header = HeaderOf(file);
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
  const CodecRoom room = CodecIn(file, shape);
  if (!room.codes.empty()) {
    graph.codec = ByteCodec(graph.stored_metric, room.middle, room.step);
    graph.codes.data = room.codes.data();
    if (!room.terms.empty()) graph.code_terms = room.terms.data();
    graph.code_errors = room.errors.data();
    graph.longest_code = room.errors.back();
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
  graph.levels = levels.data();
  graph.upper_first = upper_first.data();
  graph.upper_links = upper_links.data();
  graph.links = links.data();
  if (graph.vectors.stride != 0) {
    ASSIGN_OR_RETURN(
        const auto vectors,
        file.Array<float>(Section::kVectors, info.rows * graph.vectors.stride));
    graph.vectors.data = vectors.data();
  }
  if (header.code_stride != 0) RETURN_IF_ERROR(ReadCodes(file, graph));
  if (const auto equal = file.Array<std::uint32_t>(Section::kNextEqual, 0);
      !equal.ok()) {
    ASSIGN_OR_RETURN(const auto next,
                     file.Array<std::uint32_t>(Section::kNextEqual, info.rows));
    graph.next_equal = next.data();
  }
  ASSIGN_OR_RETURN(graph.order, RowOrder::Open(file));
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

// HNSW in an index file: which sections there are, and the graph over them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/vector/hnsw/graph.h"
#include "index/vector/hnsw/recall_curve.h"
#include "index/vector/hnsw/row_lists.h"
#include "index/vector/hnsw/row_sketches.h"
#include "index/vector/index_file.h"
#include "index/vector/registry.h"

namespace elanus::index {

// The section kParams. Up to version 2 it ends before `vector_stride`; version
// 1 has `recall_points` as zero.
struct HnswHeader {
  std::uint32_t m;
  std::uint32_t ef_construction;
  std::uint64_t seed;
  std::uint32_t entry;
  std::uint32_t max_level;
  std::uint32_t upper_lists;
  std::uint32_t recall_points;
  std::uint32_t vector_stride;  // floats; 0 = HNSW_PQ and HNSW_PRQ
  std::uint32_t code_stride;    // bytes; 0 = there are no codes
};
static_assert(sizeof(HnswHeader) == 40);

struct HnswShape {
  IndexType type;
  types::MetricType metric;
  std::size_t dim;
  HnswParams params;
  std::uint64_t seed;
  std::span<const std::uint8_t> levels;       // one a row
  std::span<const std::uint32_t> next_equal;  // one a row, or none
  // RowOrder::numbers, of a file that has an order; none before it is known.
  std::span<const std::uint32_t> numbers = {};
  bool with_codes = false;
  // A graph that is coded anew afterwards keeps nothing for scans.
  bool is_final = true;

  bool has_sketches() const {
    return is_final && with_codes && dim >= SketchCodec::kMinDim;
  }
  bool has_order() const { return is_final && levels.size() >= kMinListedRows; }
  bool has_lists() const { return has_sketches() && has_order(); }
};

// A file with everything filled in but the vectors; all links are kNoRow.
IndexFileWriter MakeHnswFile(const HnswShape& shape);

// What the shape says of its rows, which are the same as before in another
// order; the graph has to be looked up again.
void PutRows(const HnswShape& shape, IndexFileWriter& file);

// The graph of a plain file in one of another type that has no vectors of its
// own, with room for `more`. `plain` must have been checked by GraphIn.
IndexFileWriter MakeCodedFile(const IndexFileReader& plain, IndexType type,
                              std::span<const SectionSize> more);

// The codec as it lies in a file being written, to be trained; then the graph
// has to be looked up again. Empty if the file has no room for codes.
struct CodecRoom {
  std::span<float> middle;
  std::span<float> step;
  std::span<std::uint8_t> codes;
  std::span<float> terms;
  std::span<float> errors;  // one a row, then the length of the longest code
};
CodecRoom CodecIn(IndexFileWriter& file, const HnswShape& shape);
SketchRoom SketchesIn(IndexFileWriter& file, const HnswShape& shape);
RowListsRoom RowListsIn(IndexFileWriter& file, const HnswShape& shape);

// Room for the curve, which is measured after the file was made.
inline constexpr std::size_t kMaxRecallPoints = 16;

// `points`: at most kMaxRecallPoints.
void PutRecallCurve(std::span<const RecallPoint> points, IndexFileWriter& file);

// The graph in a file being written.
HnswGraph GraphIn(IndexFileWriter& file, const HnswShape& shape);

// The graph in a file that was read: every size, level and link is checked,
// so a walk never leaves it. That of HNSW_PQ or HNSW_PRQ has no vectors and
// lacks its product rows. Errors: DATA_LOSS.
absl::StatusOr<HnswGraph> GraphIn(const IndexFileReader& file);

absl::StatusOr<HnswParams> ParamsIn(const IndexFileReader& file);

// Empty for a file of version 1.
absl::StatusOr<RecallCurve> RecallCurveIn(const IndexFileReader& file);

}  // namespace elanus::index

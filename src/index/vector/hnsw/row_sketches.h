// The sketches of a graph's rows in its file: what its scans look at first.
//
//   RETURN_IF_ERROR(
//       FillSketches(ctx, graph, SketchesIn(file, shape), options));
//   ASSIGN_OR_RETURN(auto sketches, RowSketches::Open(file));
//   sketches->table()  ... row by row
//
// Threads:   immutable once opened.
// Ownership: borrows the file's bytes.
// Errors:    DATA_LOSS for bytes that are none; those of the context.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/op_context.h"
#include "base/status.h"
#include "index/quantization/sketch_codec.h"
#include "index/vector/index_file.h"
#include "index/vector/vector_index.h"
#include "simd/row_sketch.h"
#include "types/metric.h"

namespace elanus::index {

struct HnswGraph;

class RowSketches {
 public:
  // Null for a file without sketches, or an old one where they lie in another
  // order than the rows (row_order.h).
  static absl::StatusOr<std::unique_ptr<RowSketches>> Open(
      const IndexFileReader& file);

  // `room`: the share of the deviations that its bounds leave room for.
  SketchQuery Bind(const float* query, float room = 1) const {
    return codec_.Bind(query, room);
  }
  const simd::SketchTable& table() const { return table_; }

 private:
  RowSketches(types::MetricType stored_metric, std::span<const float> middle,
              const std::uint8_t* records)
      : codec_(stored_metric, middle), table_(codec_.Table(records)) {}

  const SketchCodec codec_;
  const simd::SketchTable table_;
};

// Where they lie in a file being written; empty if it has none.
struct SketchRoom {
  std::span<float> middle;
  std::span<std::uint8_t> records;
};

// Of the graph's vectors; the same bytes for any number of threads.
absl::Status FillSketches(const base::OpContext& ctx, const HnswGraph& graph,
                          const SketchRoom& room, const BuildOptions& options);

}  // namespace elanus::index

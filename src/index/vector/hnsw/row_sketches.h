// The sketches of a graph's rows in its file: what its scans look at first.
// Where the rows lie in lists, their sketches follow each other as these do, so
// that those of a list come in a stream.
//
//   RETURN_IF_ERROR(
//       FillSketches(ctx, graph, SketchesIn(file, shape), options));
//   ASSIGN_OR_RETURN(auto sketches, RowSketches::Open(file));
//   sketches->table()  ... position by position
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
  // Null for a file without sketches.
  static absl::StatusOr<std::unique_ptr<RowSketches>> Open(
      const IndexFileReader& file);

  // `room`: the share of the deviations that its bounds leave room for.
  SketchQuery Bind(const float* query, float room = 1) const {
    return codec_.Bind(query, room);
  }
  const simd::SketchTable& table() const { return table_; }

  // Whether they lie in the order of lists; else in that of the rows.
  bool are_by_lists() const { return !order_.rows.empty(); }
  std::uint32_t PositionOf(std::uint32_t row) const {
    return are_by_lists() ? order_.positions[row] : row;
  }
  std::uint32_t RowAt(std::uint32_t position) const {
    return are_by_lists() ? order_.rows[position] : position;
  }
  // Only where they are by lists.
  std::span<const std::uint32_t> RowsFrom(std::size_t position,
                                          std::size_t count) const {
    return order_.rows.subspan(position, count);
  }

 private:
  // Both empty: the order of the rows.
  struct Order {
    std::span<const std::uint32_t> rows;       // of each position
    std::span<const std::uint32_t> positions;  // of each row
  };

  RowSketches(types::MetricType stored_metric, std::span<const float> middle,
              const std::uint8_t* records, Order order)
      : codec_(stored_metric, middle),
        table_(codec_.Table(records)),
        order_(order) {}

  static absl::StatusOr<Order> OrderIn(const IndexFileReader& file);

  const SketchCodec codec_;
  const simd::SketchTable table_;
  const Order order_;
};

// Where they lie in a file being written; empty if it has none.
struct SketchRoom {
  std::span<float> middle;
  std::span<std::uint8_t> records;
  // Of a file with lists: the rows by these, which must be there already, and
  // room for the position of each row.
  std::span<const std::uint32_t> rows;
  std::span<std::uint32_t> positions;
};

// Of the graph's vectors; the same bytes for any number of threads.
absl::Status FillSketches(const base::OpContext& ctx, const HnswGraph& graph,
                          const SketchRoom& room, const BuildOptions& options);

}  // namespace elanus::index

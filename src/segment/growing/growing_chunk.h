// A run of rows of a growing segment, in buffers that never move.
//
// Threads: one appends; readers may look at rows that were published to them
//          with acquire order.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/buffer.h"
#include "base/hybrid_time.h"
#include "types/column.h"
#include "types/schema.h"

namespace elanus::segment {

class GrowingChunk {
 public:
  struct Space {
    std::size_t rows = 0;
    // Bytes of each field's values; fixed-width fields ignore it.
    std::vector<std::size_t> text_bytes;
  };

  GrowingChunk(const types::Schema& schema, std::size_t row_begin,
               const Space& space);

  std::size_t row_begin() const { return row_begin_; }

  // How many of the rows [begin, begin + rows) of the columns fit.
  std::size_t Fit(std::span<const types::ColumnView> columns, std::size_t begin,
                  std::size_t rows) const;
  // Columns in the schema's order. The rows must fit.
  void Append(std::span<const types::ColumnView> columns, std::size_t begin,
              std::size_t rows, base::Timestamp at);

  // The first `rows` rows of a field, by its index in the schema.
  types::ColumnView View(std::size_t field, std::size_t rows) const;
  std::span<const std::uint64_t> at(std::size_t rows) const {
    return {at_.get(), rows};
  }

  std::size_t memory_bytes() const { return memory_bytes_; }

 private:
  struct Cells {
    types::DataType type = types::DataType::kNone;
    std::int64_t dim = 0;
    std::size_t width = 0;  // 0 = variable length
    std::size_t capacity = 0;
    std::unique_ptr<base::AlignedBytes> values;
    std::unique_ptr<std::uint32_t[]> offsets;  // variable length
    std::unique_ptr<std::uint64_t[]> nulls;    // nullable fields
    std::atomic<bool> has_nulls{false};
  };

  void CopyFixed(const types::ColumnView& column, std::size_t begin,
                 std::size_t rows, Cells& cells) const;
  void CopyTexts(const types::ColumnView& column, std::size_t begin,
                 std::size_t rows, Cells& cells) const;
  void CopyNulls(const types::ColumnView& column, std::size_t begin,
                 std::size_t rows, Cells& cells) const;

  const std::size_t row_begin_;
  const std::size_t row_capacity_;
  std::size_t rows_ = 0;  // the writer's count
  std::vector<Cells> cells_;
  std::unique_ptr<std::uint64_t[]> at_;
  std::size_t memory_bytes_ = 0;
};

}  // namespace elanus::segment

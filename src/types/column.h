// A run of values of one field, as it lies in memory: in a log record, a
// growing segment's chunk, or a mapped file. Nothing is copied to make one.
//
// Fixed-width types: `values` holds rows * FixedWidth(type, dim) bytes, need
// not be aligned when it comes from a client, is 64-byte aligned in records,
// chunks and files. Bool is one byte, 0 or 1.
// Variable-length types: `offsets` holds rows + 1 rising numbers, value r is
// values[offsets[r] .. offsets[r + 1]). At most 4 GiB a column view: longer
// columns are cut into several chunks.
//   VarChar: UTF-8.  JSON: UTF-8 text of one JSON value.  Sparse vectors: 8
//   bytes an entry (uint32 index, float32 value), indexes rising.
// nulls: 1 = null, the value there is zero or empty; empty view = no nulls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "types/bitset.h"
#include "types/data_type.h"

namespace elanus::types {

struct ColumnView {
  DataType type = DataType::kNone;
  std::int64_t dim = 0;
  std::size_t rows = 0;
  std::span<const std::byte> values;
  std::span<const std::uint32_t> offsets;  // variable-length types only
  BitsetView nulls;

  // Fixed-width values as an array of T; needs alignment of T.
  template <typename T>
  std::span<const T> As() const {
    return {reinterpret_cast<const T*>(values.data()),
            values.size() / sizeof(T)};
  }

  // Value `row` of a variable-length column.
  std::string_view Text(std::size_t row) const {
    return {reinterpret_cast<const char*>(values.data()) + offsets[row],
            offsets[row + 1] - offsets[row]};
  }

  // Value `row` of a fixed-width column; any alignment.
  std::span<const std::byte> Bytes(std::size_t row) const {
    const std::size_t width = FixedWidth(type, dim);
    return values.subspan(row * width, width);
  }
};

}  // namespace elanus::types

// What the leaves of an evaluation work on: a block of rows of one chunk, and
// masks of one bit a row.
//
// Every leaf writes a mask of the block's rows that is right for the rows in
// `needed` (and not null); what it says about other rows does not matter.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "types/column.h"

namespace elanus::expr {

using Mask = std::vector<std::uint64_t>;

struct Block {
  std::size_t first = 0;  // row of the chunk, a multiple of 64
  std::size_t rows = 0;
  std::span<const std::uint64_t> needed;  // bits beyond `rows` are zero

  std::size_t word_count() const { return (rows + 63) / 64; }
};

// The values of a fixed-width column in a block, aligned for T.
template <typename T>
class BlockValues {
 public:
  BlockValues(const types::ColumnView& column, const Block& block)
      : BlockValues(column, block.first, block.rows) {}
  BlockValues(const types::ColumnView& column, std::size_t first,
              std::size_t rows) {
    const std::byte* start = column.values.data() + first * sizeof(T);
    if (reinterpret_cast<std::uintptr_t>(start) % alignof(T) == 0) {
      values_ = {reinterpret_cast<const T*>(start), rows};
      return;
    }
    copy_.resize(rows);
    std::memcpy(copy_.data(), start, rows * sizeof(T));
    values_ = copy_;
  }
  BlockValues(const BlockValues&) = delete;
  BlockValues& operator=(const BlockValues&) = delete;

  std::span<const T> get() const { return values_; }

 private:
  std::vector<T> copy_;
  std::span<const T> values_;
};

// Calls visit.operator()<T>() with the C type of a numeric or Bool column.
template <typename Visit>
void WithNumberType(types::DataType type, Visit visit) {
  switch (type) {
    case types::DataType::kBool:
    case types::DataType::kInt8:
      return visit.template operator()<std::int8_t>();
    case types::DataType::kInt16:
      return visit.template operator()<std::int16_t>();
    case types::DataType::kInt32:
      return visit.template operator()<std::int32_t>();
    case types::DataType::kInt64:
      return visit.template operator()<std::int64_t>();
    case types::DataType::kFloat:
      return visit.template operator()<float>();
    case types::DataType::kDouble:
      return visit.template operator()<double>();
    default:  // binding lets no other type through
      return;
  }
}

// Sets bit r of *mask where test(row r of the chunk), for the needed rows.
template <typename Test>
void TestRows(const Block& block, Test test, Mask* mask) {
  for (std::size_t i = 0; i < block.word_count(); ++i) {
    std::uint64_t word = 0;
    for (std::uint64_t left = block.needed[i]; left != 0; left &= left - 1) {
      const int bit = std::countr_zero(left);
      const std::size_t row =
          block.first + i * 64 + static_cast<std::size_t>(bit);
      word |= static_cast<std::uint64_t>(test(row)) << bit;
    }
    (*mask)[i] = word;
  }
}

}  // namespace elanus::expr

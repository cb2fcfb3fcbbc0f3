// Comparisons of a column with constants, and of two columns.
#include <algorithm>
#include <array>
#include <string_view>
#include <type_traits>

#include "expr/eval/leaves.h"
#include "expr/eval/range_mask.h"

namespace elanus::expr {
namespace {

using types::ColumnView;
using types::DataType;

constexpr std::size_t kSliceRows = 1024;  // converted at a time, fits L1

bool IsAbove(std::string_view text, const TextBound& lower) {
  const int order = text.compare(lower.text);
  return order > 0 || (order == 0 && lower.inclusive);
}
bool IsBelow(std::string_view text, const TextBound& upper) {
  const int order = text.compare(upper.text);
  return order < 0 || (order == 0 && upper.inclusive);
}

template <typename T, typename Holds>
void CompareSlice(const T* left, const T* right, std::size_t rows, Holds holds,
                  std::uint64_t* words) {
  for (std::size_t first = 0; first < rows; first += 64) {
    const std::size_t count = std::min<std::size_t>(64, rows - first);
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < count; ++i) {
      word |=
          static_cast<std::uint64_t>(holds(left[first + i], right[first + i]))
          << i;
    }
    words[first / 64] = word;
  }
}

// Calls body with the comparison as a function object.
template <typename Body>
void WithCompare(CompareOp compare, Body body) {
  switch (compare) {
    case CompareOp::kEq:
      return body([](const auto& a, const auto& b) { return a == b; });
    case CompareOp::kNe:
      return body([](const auto& a, const auto& b) { return a != b; });
    case CompareOp::kLt:
      return body([](const auto& a, const auto& b) { return a < b; });
    case CompareOp::kLe:
      return body([](const auto& a, const auto& b) { return a <= b; });
    case CompareOp::kGt:
      return body([](const auto& a, const auto& b) { return a > b; });
    case CompareOp::kGe:
      return body([](const auto& a, const auto& b) { return a >= b; });
  }
}

template <typename T>
void ConvertSlice(const ColumnView& column, std::size_t first, std::size_t rows,
                  T* out) {
  WithNumberType(column.type, [&]<typename From>() {
    const BlockValues<From> values(column, first, rows);
    std::transform(values.get().begin(), values.get().end(), out,
                   [](From value) { return static_cast<T>(value); });
  });
}

// T: the type that C promotes both sides to.
template <typename T>
void CompareNumbers(const FieldCompareNode& node, const ColumnView& left,
                    const ColumnView& right, const Block& block, Mask* mask) {
  std::array<T, kSliceRows> left_values;
  std::array<T, kSliceRows> right_values;
  for (std::size_t at = 0; at < block.rows; at += kSliceRows) {
    const std::size_t rows = std::min(kSliceRows, block.rows - at);
    ConvertSlice(left, block.first + at, rows, left_values.data());
    ConvertSlice(right, block.first + at, rows, right_values.data());
    WithCompare(node.compare, [&](auto holds) {
      CompareSlice(left_values.data(), right_values.data(), rows, holds,
                   mask->data() + at / 64);
    });
  }
}

}  // namespace

void EvalRange(const IntegerRangeNode& node, const ColumnView& column,
               const Block& block, Mask* mask) {
  WithNumberType(column.type, [&]<typename T>() {
    if constexpr (std::is_integral_v<T>) {
      const BlockValues<T> values(column, block);
      RangeMask(values.get(), static_cast<T>(node.lower),
                static_cast<T>(node.upper), mask->data());
    }
  });
}

void EvalRange(const FloatRangeNode& node, const ColumnView& column,
               const Block& block, Mask* mask) {
  WithNumberType(column.type, [&]<typename T>() {
    if constexpr (std::is_floating_point_v<T>) {
      const BlockValues<T> values(column, block);
      RangeMask(values.get(), static_cast<T>(node.lower),
                static_cast<T>(node.upper), mask->data());
    }
  });
}

void EvalRange(const TextRangeNode& node, const ColumnView& column,
               const Block& block, Mask* mask) {
  const bool is_equality = node.lower && node.upper && node.lower->inclusive &&
                           node.upper->inclusive &&
                           node.lower->text == node.upper->text;
  if (is_equality) {
    const std::string_view wanted = node.lower->text;
    TestRows(
        block,
        [&](std::size_t row) {
          const std::string_view text = column.Text(row);
          return text.size() == wanted.size() && text == wanted;
        },
        mask);
    return;
  }
  TestRows(
      block,
      [&](std::size_t row) {
        const std::string_view text = column.Text(row);
        return (!node.lower || IsAbove(text, *node.lower)) &&
               (!node.upper || IsBelow(text, *node.upper));
      },
      mask);
}

void EvalFieldCompare(const FieldCompareNode& node, const ColumnView& left,
                      const ColumnView& right, const Block& block, Mask* mask) {
  if (node.left.type == DataType::kVarChar) {
    WithCompare(node.compare, [&](auto holds) {
      TestRows(
          block,
          [&](std::size_t row) {
            return holds(left.Text(row), right.Text(row));
          },
          mask);
    });
    return;
  }
  const auto has_type = [&node](DataType type) {
    return node.left.type == type || node.right.type == type;
  };
  if (has_type(DataType::kDouble)) {
    CompareNumbers<double>(node, left, right, block, mask);
  } else if (has_type(DataType::kFloat)) {
    CompareNumbers<float>(node, left, right, block, mask);
  } else {
    CompareNumbers<std::int64_t>(node, left, right, block, mask);
  }
}

}  // namespace elanus::expr

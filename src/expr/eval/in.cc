// Membership in a list of constants.
#include <algorithm>
#include <type_traits>

#include "expr/eval/float_bits.h"
#include "expr/eval/leaves.h"

namespace elanus::expr {
namespace {

using types::ColumnView;

}  // namespace

void EvalTerm(const IntegerTermNode& node, const ColumnView& column,
              const Block& block, Mask* mask) {
  WithNumberType(column.type, [&]<typename T>() {
    if constexpr (std::is_integral_v<T>) {
      const BlockValues<T> values(column, block);
      node.values.MaskOf(values.get(), mask->data());
    }
  });
}

void EvalTerm(const FloatTermNode& node, const ColumnView& column,
              const Block& block, Mask* mask) {
  WithNumberType(column.type, [&]<typename T>() {
    if constexpr (std::is_floating_point_v<T>) {
      const BlockValues<T> values(column, block);
      TestRows(
          block,
          [&](std::size_t row) {
            const T value = values.get()[row - block.first];
            return node.bits.Contains(
                FloatTermBits(static_cast<double>(value)));
          },
          mask);
    }
  });
}

void EvalTerm(const TextTermNode& node, const ColumnView& column,
              const Block& block, Mask* mask) {
  TestRows(
      block,
      [&](std::size_t row) {
        const std::string_view text = column.Text(row);
        return node.values.contains(
            absl::string_view(text.data(), text.size()));
      },
      mask);
}

void EvalLike(const LikeNode& node, const ColumnView& column,
              const Block& block, Mask* mask) {
  TestRows(
      block,
      [&](std::size_t row) { return node.pattern.Matches(column.Text(row)); },
      mask);
}

}  // namespace elanus::expr

// Membership in a list of constants.
#include <algorithm>
#include <array>
#include <type_traits>

#include "expr/eval/float_bits.h"
#include "expr/eval/leaves.h"

namespace elanus::expr {
namespace {

using types::ColumnView;

constexpr std::size_t kSliceRows = 1024;  // converted at a time, fits L1

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
      std::array<std::int64_t, kSliceRows> bits;
      for (std::size_t at = 0; at < block.rows; at += kSliceRows) {
        const std::size_t rows = std::min(kSliceRows, block.rows - at);
        const auto slice = values.get().subspan(at, rows);
        std::transform(slice.begin(), slice.end(), bits.begin(), [](T value) {
          return FloatTermBits(static_cast<double>(value));
        });
        node.bits.MaskOf(std::span<const std::int64_t>(bits.data(), rows),
                         mask->data() + at / 64);
      }
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

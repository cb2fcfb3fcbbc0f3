// column op constant compare constant, on numbers: the left side is computed a
// slice at a time, then compared by the range kernel.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "expr/eval/leaves.h"
#include "expr/eval/range_mask.h"
#include "expr/plan/fold.h"

namespace elanus::expr {
namespace {

using types::ColumnView;

constexpr std::size_t kSliceRows = 1024;

template <typename T>
struct Interval {
  T lower;
  T upper;
  bool negated;
};

Interval<std::int64_t> IntervalOf(CompareOp compare, std::int64_t value) {
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  switch (compare) {
    case CompareOp::kEq:
      return {value, value, false};
    case CompareOp::kNe:
      return {value, value, true};
    case CompareOp::kLt:
      return {value, kMax, true};
    case CompareOp::kLe:
      return {kMin, value, false};
    case CompareOp::kGt:
      return {kMin, value, true};
    case CompareOp::kGe:
      return {value, kMax, false};
  }
  return {0, 0, false};
}

// Not by negation: a NaN (inf - inf) must stay outside of < and >.
Interval<double> IntervalOf(CompareOp compare, double value) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  switch (compare) {
    case CompareOp::kEq:
      return {value, value, false};
    case CompareOp::kNe:
      return {value, value, true};
    case CompareOp::kLt:
      return {-kInfinity, std::nextafter(value, -kInfinity), false};
    case CompareOp::kLe:
      return {-kInfinity, value, false};
    case CompareOp::kGt:
      return {std::nextafter(value, kInfinity), kInfinity, false};
    case CompareOp::kGe:
      return {value, kInfinity, false};
  }
  return {0, 0, false};
}

double Compute(ArithmeticOp op, double left, double right) {
  switch (op) {
    case ArithmeticOp::kAdd:
      return left + right;
    case ArithmeticOp::kSub:
      return left - right;
    case ArithmeticOp::kMul:
      return left * right;
    case ArithmeticOp::kDiv:
      return left / right;
    case ArithmeticOp::kMod:
      break;  // refused on floats
  }
  return 0;
}

// computed: one value -> its left side, of type Result.
template <typename T, typename Result, typename ComputeValue>
void EvalSlices(const ColumnView& column, const Block& block,
                const Interval<Result>& interval, ComputeValue compute,
                Mask* mask) {
  const BlockValues<T> values(column, block);
  std::array<Result, kSliceRows> results;
  for (std::size_t at = 0; at < block.rows; at += kSliceRows) {
    const std::size_t rows = std::min(kSliceRows, block.rows - at);
    const auto slice = values.get().subspan(at, rows);
    std::transform(slice.begin(), slice.end(), results.begin(), compute);
    RangeMask(std::span<const Result>(results.data(), rows), interval.lower,
              interval.upper, mask->data() + at / 64);
  }
  if (!interval.negated) return;
  for (std::uint64_t& word : *mask) word = ~word;
}

}  // namespace

void EvalArithmetic(const ArithmeticNode& node, const ColumnView& column,
                    const Block& block, Mask* mask) {
  WithNumberType(column.type, [&]<typename T>() {
    if constexpr (std::is_integral_v<T>) {
      const std::int64_t operand = node.operand.as_int();
      EvalSlices<T>(
          column, block, IntervalOf(node.compare, node.value.as_int()),
          [op = node.op, operand](T value) {
            return WrappingArithmetic(op, std::int64_t{value}, operand);
          },
          mask);
    } else {
      const double operand = node.operand.as_double();
      const auto limit =
          static_cast<double>(static_cast<T>(node.value.as_double()));
      EvalSlices<T>(
          column, block, IntervalOf(node.compare, limit),
          [op = node.op, operand](T value) {
            return static_cast<double>(static_cast<T>(
                Compute(op, static_cast<double>(value), operand)));
          },
          mask);
    }
  });
}

}  // namespace elanus::expr

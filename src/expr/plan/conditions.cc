#include "expr/plan/conditions.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "expr/eval/float_bits.h"

namespace elanus::expr {
namespace {

using base::ErrorCode;
using base::InvalidInput;
using types::DataType;

constexpr std::int64_t kInt64Min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kInt64Max = std::numeric_limits<std::int64_t>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

NodePtr Wrap(Node::Kind kind) {
  return std::make_unique<Node>(Node{std::move(kind)});
}

absl::Status CannotCast(DataType type, const Literal& value) {
  return InvalidInput(ErrorCode::kParameterInvalid,
                      "cannot cast value to {}, value: {}", NameOf(type),
                      Describe(value));
}

// Columns that are compared as integers.
bool IsIntegral(DataType type) {
  return IsInteger(type) || type == DataType::kBool;
}

struct Limits {
  std::int64_t lowest;
  std::int64_t highest;
};
Limits LimitsOf(DataType type) {
  switch (type) {
    case DataType::kBool:
      return {0, 1};
    case DataType::kInt8:
      return {INT8_MIN, INT8_MAX};
    case DataType::kInt16:
      return {INT16_MIN, INT16_MAX};
    case DataType::kInt32:
      return {INT32_MIN, INT32_MAX};
    default:  // Int64
      return {kInt64Min, kInt64Max};
  }
}

// Is the literal of a kind that the column's type takes?
bool Fits(DataType type, const Literal& value) {
  if (type == DataType::kBool) return value.is_bool();
  if (IsInteger(type)) return value.is_int();
  if (IsFloating(type)) return value.is_number();
  if (type == DataType::kVarChar) return value.is_text();
  return type == DataType::kJson;
}

// Are the two of one family, so that comparing makes sense at all?
bool AreComparable(DataType type, const Literal& value) {
  return Fits(type, value) || (IsNumeric(type) && value.is_number());
}

absl::Status CheckComparable(const Column& column, const Literal& value) {
  if (!AreComparable(column.type, value)) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "comparisons between {} and {} are not supported",
                        NameOf(column.type), KindOf(value));
  }
  if (!Fits(column.type, value)) return CannotCast(column.type, value);
  return absl::OkStatus();
}

// As an integer column holds it.
std::int64_t IntegerOf(const Literal& value) {
  return value.is_bool() ? static_cast<std::int64_t>(value.as_bool())
                         : value.as_int();
}

// As a Float or Double column holds it.
double FloatOf(DataType type, const Literal& value) {
  if (type != DataType::kFloat) return value.as_double();
  return value.is_int()
             ? static_cast<double>(static_cast<float>(value.as_int()))
             : static_cast<double>(static_cast<float>(value.as_double()));
}

// The next value of the column's type towards `target`.
double NextTowards(DataType type, double value, double target) {
  if (type != DataType::kFloat) return std::nextafter(value, target);
  return static_cast<double>(
      std::nextafter(static_cast<float>(value), static_cast<float>(target)));
}

NodePtr IntegerRange(Column column, std::int64_t lower, std::int64_t upper,
                     bool negated, bool is_list = false) {
  const Limits limits = LimitsOf(column.type);
  lower = std::max(lower, limits.lowest);
  upper = std::min(upper, limits.highest);
  if (lower > upper) return MakeKnown(std::move(column), negated);
  if (lower == limits.lowest && upper == limits.highest) {
    return MakeKnown(std::move(column), !negated);
  }
  // What leaves out one end is a range itself.
  if (negated && upper == limits.highest) {
    return Wrap(IntegerRangeNode{std::move(column), limits.lowest, lower - 1,
                                 /*negated=*/false});
  }
  if (negated && lower == limits.lowest) {
    return Wrap(IntegerRangeNode{std::move(column), upper + 1, limits.highest,
                                 /*negated=*/false});
  }
  return Wrap(
      IntegerRangeNode{std::move(column), lower, upper, negated, is_list});
}

NodePtr IntegerCompare(Column column, CompareOp compare, std::int64_t value) {
  switch (compare) {
    case CompareOp::kEq:
    case CompareOp::kNe:
      return IntegerRange(std::move(column), value, value,
                          compare == CompareOp::kNe);
    case CompareOp::kLt:
    case CompareOp::kGe:
      // x < v is not (x >= v), which needs no v - 1.
      return IntegerRange(std::move(column), value, kInt64Max,
                          compare == CompareOp::kLt);
    case CompareOp::kLe:
    case CompareOp::kGt:
      return IntegerRange(std::move(column), kInt64Min, value,
                          compare == CompareOp::kGt);
  }
  return nullptr;
}

NodePtr FloatCompare(Column column, CompareOp compare, double value) {
  const auto range = [&column](double lower, double upper, bool negated) {
    return Wrap(FloatRangeNode{std::move(column), lower, upper, negated});
  };
  switch (compare) {
    case CompareOp::kEq:
    case CompareOp::kNe:
      return range(value, value, compare == CompareOp::kNe);
    case CompareOp::kLt:
      return range(-kInfinity, NextTowards(column.type, value, -kInfinity),
                   false);
    case CompareOp::kLe:
      return range(-kInfinity, value, false);
    case CompareOp::kGt:
      return range(NextTowards(column.type, value, kInfinity), kInfinity,
                   false);
    case CompareOp::kGe:
      return range(value, kInfinity, false);
  }
  return nullptr;
}

NodePtr TextCompare(Column column, CompareOp compare, std::string value) {
  TextRangeNode node{std::move(column), std::nullopt, std::nullopt,
                     compare == CompareOp::kNe};
  const bool inclusive = compare != CompareOp::kLt && compare != CompareOp::kGt;
  const bool has_lower = compare != CompareOp::kLt && compare != CompareOp::kLe;
  const bool has_upper = compare != CompareOp::kGt && compare != CompareOp::kGe;
  if (has_lower) node.lower = TextBound{value, inclusive};
  if (has_upper) node.upper = TextBound{std::move(value), inclusive};
  return Wrap(std::move(node));
}

NodePtr IntegerTerm(Column column, const Literal::List& list, bool negated) {
  const Limits limits = LimitsOf(column.type);
  std::vector<std::int64_t> values;
  values.reserve(list.size());
  for (const Literal& item : list) {
    const std::int64_t value = IntegerOf(item);
    if (value >= limits.lowest && value <= limits.highest) {
      values.push_back(value);
    }
  }
  IntSet set(std::move(values));
  if (set.empty()) return MakeKnown(std::move(column), negated);
  const std::int64_t lowest = set.values().front();
  const std::int64_t highest = set.values().back();
  // Values without a gap, a single one for instance, are a range.
  const std::uint64_t span =
      static_cast<std::uint64_t>(highest) - static_cast<std::uint64_t>(lowest);
  if (span == set.values().size() - 1) {
    return IntegerRange(std::move(column), lowest, highest, negated,
                        /*is_list=*/true);
  }
  return Wrap(IntegerTermNode{std::move(column), std::move(set), negated});
}

NodePtr FloatTerm(Column column, const Literal::List& list, bool negated) {
  std::vector<std::int64_t> bits;
  bits.reserve(list.size());
  for (const Literal& item : list) {
    bits.push_back(FloatTermBits(FloatOf(column.type, item)));
  }
  return Wrap(
      FloatTermNode{std::move(column), IntSet(std::move(bits)), negated});
}

NodePtr TextTerm(Column column, const Literal::List& list, bool negated) {
  TextTermNode node{std::move(column), {}, negated};
  node.values.reserve(list.size());
  for (const Literal& item : list) node.values.insert(item.as_text());
  return Wrap(std::move(node));
}

bool IsReversed(const RangeBounds& bounds) {
  const Literal& lower = bounds.lower;
  const Literal& upper = bounds.upper;
  const auto is_bad = [&bounds](const auto& low, const auto& high) {
    const bool is_point = bounds.lower_inclusive && bounds.upper_inclusive;
    return is_point ? high < low : high <= low;
  };
  if (lower.is_text()) return is_bad(lower.as_text(), upper.as_text());
  if (lower.is_int() && upper.is_int()) {
    return is_bad(lower.as_int(), upper.as_int());
  }
  return is_bad(lower.as_double(), upper.as_double());
}

absl::Status CheckBounds(const Column& column, const RangeBounds& bounds) {
  if (column.type == DataType::kBool || bounds.lower.is_bool() ||
      bounds.upper.is_bool()) {
    return InvalidInput(
        ErrorCode::kParameterInvalid,
        "invalid range operations on boolean expressions are unsupported");
  }
  RETURN_IF_ERROR(CheckComparable(column, bounds.lower));
  RETURN_IF_ERROR(CheckComparable(column, bounds.upper));
  const bool are_numbers = bounds.lower.is_number() && bounds.upper.is_number();
  const bool are_texts = bounds.lower.is_text() && bounds.upper.is_text();
  if (!are_numbers && !are_texts) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "invalid range operations: comparisons between {} and "
                        "{} are not supported",
                        KindOf(bounds.lower), KindOf(bounds.upper));
  }
  if (IsReversed(bounds)) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "invalid range operations: lowerbound is greater than "
                        "upperbound");
  }
  return absl::OkStatus();
}

NodePtr IntegerBetween(Column column, const RangeBounds& bounds) {
  // Checked: lower < upper, so neither step can overflow.
  const std::int64_t lower =
      bounds.lower.as_int() + (bounds.lower_inclusive ? 0 : 1);
  const std::int64_t upper =
      bounds.upper.as_int() - (bounds.upper_inclusive ? 0 : 1);
  return IntegerRange(std::move(column), lower, upper, false);
}

NodePtr FloatBetween(Column column, const RangeBounds& bounds) {
  const DataType type = column.type;
  double lower = FloatOf(type, bounds.lower);
  double upper = FloatOf(type, bounds.upper);
  if (!bounds.lower_inclusive) lower = NextTowards(type, lower, kInfinity);
  if (!bounds.upper_inclusive) upper = NextTowards(type, upper, -kInfinity);
  return Wrap(FloatRangeNode{std::move(column), lower, upper, false});
}

}  // namespace

CompareOp Mirror(CompareOp compare) {
  switch (compare) {
    case CompareOp::kLt:
      return CompareOp::kGt;
    case CompareOp::kLe:
      return CompareOp::kGe;
    case CompareOp::kGt:
      return CompareOp::kLt;
    case CompareOp::kGe:
      return CompareOp::kLe;
    case CompareOp::kEq:
    case CompareOp::kNe:
      return compare;
  }
  return compare;
}

NodePtr MakeConstant(bool value) { return Wrap(ConstantNode{value}); }

NodePtr MakeKnown(Column column, bool value) {
  if (!column.nullable) return MakeConstant(value);
  column.path.clear();
  return Wrap(KnownNode{std::move(column), value});
}

absl::StatusOr<NodePtr> MakeCompare(Column column, CompareOp compare,
                                    const Literal& value) {
  RETURN_IF_ERROR(CheckComparable(column, value));
  if (IsIntegral(column.type)) {
    return IntegerCompare(std::move(column), compare, IntegerOf(value));
  }
  if (IsFloating(column.type)) {
    const double number = FloatOf(column.type, value);
    return FloatCompare(std::move(column), compare, number);
  }
  if (column.type == DataType::kVarChar) {
    return TextCompare(std::move(column), compare, value.as_text());
  }
  const bool is_order = compare != CompareOp::kEq && compare != CompareOp::kNe;
  if (is_order && value.is_list()) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "a list can only be compared by == and !=");
  }
  return Wrap(JsonCompareNode{std::move(column), compare, value});
}

absl::StatusOr<NodePtr> MakeRange(Column column, const RangeBounds& bounds) {
  RETURN_IF_ERROR(CheckBounds(column, bounds));
  if (IsInteger(column.type)) return IntegerBetween(std::move(column), bounds);
  if (IsFloating(column.type)) return FloatBetween(std::move(column), bounds);
  if (column.type == DataType::kVarChar) {
    return Wrap(TextRangeNode{
        std::move(column),
        TextBound{bounds.lower.as_text(), bounds.lower_inclusive},
        TextBound{bounds.upper.as_text(), bounds.upper_inclusive}, false});
  }
  return Wrap(JsonRangeNode{std::move(column), bounds.lower, bounds.upper,
                            bounds.lower_inclusive, bounds.upper_inclusive});
}

absl::StatusOr<NodePtr> MakeTerm(Column column, const Literal& list,
                                 bool negated) {
  if (!list.is_list()) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "the right-hand side of 'in' must be a list");
  }
  if (IsVector(column.type)) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "'in' is not supported on {} fields",
                        NameOf(column.type));
  }
  const Literal::List& items = list.as_list();
  for (const Literal& item : items) {
    if (Fits(column.type, item)) continue;
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "value '{}' in list cannot be casted to {}",
                        Describe(item), NameOf(column.type));
  }
  if (items.empty()) return MakeKnown(std::move(column), negated);
  if (IsIntegral(column.type)) {
    return IntegerTerm(std::move(column), items, negated);
  }
  if (IsFloating(column.type)) {
    return FloatTerm(std::move(column), items, negated);
  }
  if (column.type == DataType::kVarChar && items.size() == 1) {
    return TextCompare(std::move(column),
                       negated ? CompareOp::kNe : CompareOp::kEq,
                       items[0].as_text());
  }
  if (column.type == DataType::kVarChar) {
    return TextTerm(std::move(column), items, negated);
  }
  return Wrap(JsonTermNode{std::move(column), JsonTermSet(items), negated});
}

absl::StatusOr<NodePtr> MakeLike(Column column, const Literal& pattern) {
  if (column.type != DataType::kVarChar && column.type != DataType::kJson) {
    return InvalidInput(
        ErrorCode::kParameterInvalid,
        "like operation on non-string or no-json field is unsupported");
  }
  if (!pattern.is_text()) return CannotCast(DataType::kVarChar, pattern);
  return Wrap(LikeNode{std::move(column), LikePattern(pattern.as_text())});
}

absl::Status CheckArithmetic(const Column& column, ArithmeticOp op,
                             const Literal& operand) {
  const bool is_json = column.type == DataType::kJson;
  if ((!IsNumeric(column.type) && !is_json) || !operand.is_number()) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "arithmetic can only be used between integer or "
                        "floating or json field expressions, got {} and {}",
                        NameOf(column.type), KindOf(operand));
  }
  if (op == ArithmeticOp::kMod &&
      (IsFloating(column.type) || !operand.is_int())) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "modulo can only apply on integer types");
  }
  const bool divides = op == ArithmeticOp::kDiv || op == ArithmeticOp::kMod;
  if (divides && operand.as_double() == 0) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "division or modulus by zero");
  }
  if (!Fits(column.type, operand)) return CannotCast(column.type, operand);
  return absl::OkStatus();
}

absl::StatusOr<NodePtr> MakeArithmetic(ArithmeticNode node) {
  if (!node.value.is_number()) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "comparisons between {} and {} are not supported",
                        NameOf(node.column.type), KindOf(node.value));
  }
  if (!Fits(node.column.type, node.value)) {
    return CannotCast(node.column.type, node.value);
  }
  return Wrap(std::move(node));
}

absl::StatusOr<NodePtr> MakeLength(Column column, CompareOp compare,
                                   const Literal& length) {
  if (!length.is_int()) return CannotCast(DataType::kInt64, length);
  return Wrap(JsonLengthNode{std::move(column), compare, length.as_int()});
}

absl::StatusOr<NodePtr> MakeFieldCompare(Column left, CompareOp compare,
                                         Column right) {
  if (left.type == DataType::kJson || right.type == DataType::kJson) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "can not comparisons jsonField directly");
  }
  const bool are_numbers = IsNumeric(left.type) && IsNumeric(right.type);
  const bool are_same =
      left.type == right.type &&
      (left.type == DataType::kVarChar || left.type == DataType::kBool);
  if (!are_numbers && !are_same) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "comparisons between {} and {} are not supported",
                        NameOf(left.type), NameOf(right.type));
  }
  return Wrap(FieldCompareNode{std::move(left), compare, std::move(right)});
}

absl::StatusOr<NodePtr> MakeExists(Column column) {
  if (column.type != DataType::kJson) {
    return InvalidInput(
        ErrorCode::kParameterInvalid,
        "exists operations are only supported on json field, got: {}",
        NameOf(column.type));
  }
  if (column.path.empty()) {
    return InvalidInput(
        ErrorCode::kParameterInvalid,
        "exists operations are only supported on json field with a key");
  }
  return Wrap(ExistsNode{std::move(column)});
}

absl::StatusOr<NodePtr> MakeIsNull(Column column) {
  if (IsVector(column.type)) {
    return InvalidInput(
        ErrorCode::kParameterInvalid,
        "IsNull/IsNotNull operations are not supported on vector fields");
  }
  if (!column.path.empty()) {
    return Wrap(NotNode{Wrap(ExistsNode{std::move(column)})});
  }
  if (!column.nullable) return MakeConstant(false);
  return Wrap(NullNode{std::move(column)});
}

}  // namespace elanus::expr

// Conditions about scalars inside JSON: comparison, range, list, like,
// arithmetic. A value of another kind makes each of them false, and != true.
#include <cmath>
#include <cstdint>
#include <string_view>

#include "expr/eval/json_leaves.h"
#include "expr/eval/json_rows.h"
#include "expr/plan/fold.h"

namespace elanus::expr {
namespace {

using base::OpContext;
using types::ColumnView;

template <typename T>
bool Holds(CompareOp compare, const T& left, const T& right) {
  switch (compare) {
    case CompareOp::kEq:
      return left == right;
    case CompareOp::kNe:
      return left != right;
    case CompareOp::kLt:
      return left < right;
    case CompareOp::kLe:
      return left <= right;
    case CompareOp::kGt:
      return left > right;
    case CompareOp::kGe:
      return left >= right;
  }
  return false;
}

// False where the kinds differ, for != too.
bool CompareScalar(const JsonScalar& scalar, CompareOp compare,
                   const Literal& literal) {
  using Kind = JsonScalar::Kind;
  if (scalar.kind == Kind::kInt && literal.is_int()) {
    return Holds(compare, scalar.integer, literal.as_int());
  }
  if (scalar.is_number() && literal.is_number()) {
    return Holds(compare, scalar.number, literal.as_double());
  }
  if (scalar.kind == Kind::kText && literal.is_text()) {
    return Holds(compare, scalar.text, std::string_view(literal.as_text()));
  }
  if (scalar.kind == Kind::kBool && literal.is_bool()) {
    return Holds(compare, scalar.boolean, literal.as_bool());
  }
  return false;
}

// Is the value an array equal to the list?
template <typename Value>
bool EqualsList(Value& value, const Literal& list) {
  simdjson::ondemand::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) return false;
  const auto literal = ReadLiteral(array);
  return literal && EqualByValue(*literal, list);
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
      return std::fmod(left, right);
  }
  return 0;
}

// scalar op operand; of kind kBad where the scalar is no number.
JsonScalar Compute(const JsonScalar& scalar, ArithmeticOp op,
                   const Literal& operand) {
  JsonScalar result;
  if (!scalar.is_number()) return result;
  if (scalar.kind == JsonScalar::Kind::kInt && operand.is_int()) {
    result.kind = JsonScalar::Kind::kInt;
    result.integer = WrappingArithmetic(op, scalar.integer, operand.as_int());
    result.number = static_cast<double>(result.integer);
    return result;
  }
  result.kind = JsonScalar::Kind::kDouble;
  result.number = Compute(op, scalar.number, operand.as_double());
  return result;
}

void Flip(Mask* mask) {
  for (std::uint64_t& word : *mask) word = ~word;
}

// != is "not ==", so that it holds for missing values.
CompareOp Positive(CompareOp compare) {
  return compare == CompareOp::kNe ? CompareOp::kEq : compare;
}

}  // namespace

absl::Status EvalJson(const JsonCompareNode& node, const ColumnView& column,
                      const Block& block, const OpContext& ctx, Mask* mask) {
  const CompareOp compare = Positive(node.compare);
  const auto visit = [&node, compare](auto& value) {
    if (node.value.is_list()) return EqualsList(value, node.value);
    return CompareScalar(ReadScalar(value), compare, node.value);
  };
  RETURN_IF_ERROR(VisitJsonRows(node.column, column, block, ctx, visit, mask));
  if (compare != node.compare) Flip(mask);
  return absl::OkStatus();
}

absl::Status EvalJson(const JsonRangeNode& node, const ColumnView& column,
                      const Block& block, const OpContext& ctx, Mask* mask) {
  const CompareOp above =
      node.lower_inclusive ? CompareOp::kGe : CompareOp::kGt;
  const CompareOp below =
      node.upper_inclusive ? CompareOp::kLe : CompareOp::kLt;
  const auto visit = [&node, above, below](auto& value) {
    const JsonScalar scalar = ReadScalar(value);
    return CompareScalar(scalar, above, node.lower) &&
           CompareScalar(scalar, below, node.upper);
  };
  return VisitJsonRows(node.column, column, block, ctx, visit, mask);
}

absl::Status EvalJson(const JsonTermNode& node, const ColumnView& column,
                      const Block& block, const OpContext& ctx, Mask* mask) {
  const auto visit = [&node](auto& value) {
    const JsonScalar scalar = ReadScalar(value);
    if (scalar.kind != JsonScalar::Kind::kArray) {
      return node.values.ContainsScalar(scalar);
    }
    simdjson::ondemand::array array;
    if (!node.values.has_lists() ||
        value.get_array().get(array) != simdjson::SUCCESS) {
      return false;
    }
    const auto list = ReadLiteral(array);
    return list && node.values.ContainsList(*list);
  };
  return VisitJsonRows(node.column, column, block, ctx, visit, mask);
}

absl::Status EvalJson(const LikeNode& node, const ColumnView& column,
                      const Block& block, const OpContext& ctx, Mask* mask) {
  const auto visit = [&node](auto& value) {
    const JsonScalar scalar = ReadScalar(value);
    return scalar.kind == JsonScalar::Kind::kText &&
           node.pattern.Matches(scalar.text);
  };
  return VisitJsonRows(node.column, column, block, ctx, visit, mask);
}

absl::Status EvalJson(const ArithmeticNode& node, const ColumnView& column,
                      const Block& block, const OpContext& ctx, Mask* mask) {
  const CompareOp compare = Positive(node.compare);
  const auto visit = [&node, compare](auto& value) {
    const JsonScalar scalar = ReadScalar(value);
    return CompareScalar(Compute(scalar, node.op, node.operand), compare,
                         node.value);
  };
  RETURN_IF_ERROR(VisitJsonRows(node.column, column, block, ctx, visit, mask));
  if (compare != node.compare) Flip(mask);
  return absl::OkStatus();
}

}  // namespace elanus::expr

#include "expr/plan/fold.h"

#include <cmath>
#include <compare>
#include <cstdint>
#include <limits>
#include <optional>

namespace elanus::expr {
namespace {

using base::ErrorCode;
using base::InvalidInput;

std::optional<ArithmeticOp> ArithmeticOf(TokenKind op) {
  switch (op) {
    case TokenKind::kPlus:
      return ArithmeticOp::kAdd;
    case TokenKind::kMinus:
      return ArithmeticOp::kSub;
    case TokenKind::kStar:
      return ArithmeticOp::kMul;
    case TokenKind::kSlash:
      return ArithmeticOp::kDiv;
    case TokenKind::kPercent:
      return ArithmeticOp::kMod;
    default:  // ** and what is no arithmetic
      return std::nullopt;
  }
}

double DoubleArithmetic(ArithmeticOp op, double left, double right) {
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

// base ** exponent where it fits.
std::optional<std::int64_t> IntegerPower(std::int64_t base,
                                         std::int64_t exponent) {
  if (exponent < 0) return std::nullopt;
  std::int64_t result = 1;
  while (true) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) {
      return std::nullopt;
    }
    exponent >>= 1;
    if (exponent == 0) return result;
    if (__builtin_mul_overflow(base, base, &base)) return std::nullopt;
  }
}

Literal FoldPower(const Literal& left, const Literal& right) {
  if (left.is_int() && right.is_int()) {
    if (const auto power = IntegerPower(left.as_int(), right.as_int())) {
      return Literal{*power};
    }
  }
  return Literal{std::pow(left.as_double(), right.as_double())};
}

bool Holds(CompareOp op, std::partial_ordering order) {
  switch (op) {
    case CompareOp::kEq:
      return order == 0;
    case CompareOp::kNe:
      return order != 0;
    case CompareOp::kLt:
      return order < 0;
    case CompareOp::kLe:
      return order <= 0;
    case CompareOp::kGt:
      return order > 0;
    case CompareOp::kGe:
      return order >= 0;
  }
  return false;
}

}  // namespace

std::string_view SpellingOf(TokenKind op) {
  switch (op) {
    case TokenKind::kPlus:
      return "+";
    case TokenKind::kMinus:
      return "-";
    case TokenKind::kStar:
      return "*";
    case TokenKind::kSlash:
      return "/";
    case TokenKind::kPercent:
      return "%";
    case TokenKind::kPower:
      return "**";
    case TokenKind::kShiftLeft:
      return "<<";
    case TokenKind::kShiftRight:
      return ">>";
    case TokenKind::kTilde:
      return "~";
    case TokenKind::kBitAnd:
      return "&";
    case TokenKind::kBitOr:
      return "|";
    case TokenKind::kBitXor:
      return "^";
    default:  // comparisons; their messages name no operator
      return "comparison";
  }
}

std::int64_t WrappingArithmetic(ArithmeticOp op, std::int64_t left,
                                std::int64_t right) {
  const auto a = static_cast<std::uint64_t>(left);
  const auto b = static_cast<std::uint64_t>(right);
  switch (op) {
    case ArithmeticOp::kAdd:
      return static_cast<std::int64_t>(a + b);
    case ArithmeticOp::kSub:
      return static_cast<std::int64_t>(a - b);
    case ArithmeticOp::kMul:
      return static_cast<std::int64_t>(a * b);
    case ArithmeticOp::kDiv:
      // The smallest value by -1 overflows, which the CPU answers by a trap.
      return right == -1 ? static_cast<std::int64_t>(0 - a) : left / right;
    case ArithmeticOp::kMod:
      return right == -1 ? 0 : left % right;
  }
  return 0;
}

absl::StatusOr<Literal> FoldArithmetic(TokenKind op, const Literal& left,
                                       const Literal& right) {
  if (!left.is_number() || !right.is_number()) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "'{}' can only be used between integer or floating "
                        "expressions, got {} and {}",
                        SpellingOf(op), KindOf(left), KindOf(right));
  }
  if (op == TokenKind::kPower) return FoldPower(left, right);
  const auto arithmetic = ArithmeticOf(op);
  if (!arithmetic) {
    return InvalidInput(ErrorCode::kParameterInvalid, "'{}' is not supported",
                        SpellingOf(op));
  }
  const bool are_ints = left.is_int() && right.is_int();
  if (*arithmetic == ArithmeticOp::kMod && !are_ints) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "modulo can only apply on integer types");
  }
  const bool divides =
      *arithmetic == ArithmeticOp::kDiv || *arithmetic == ArithmeticOp::kMod;
  if (divides && right.as_double() == 0) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "division or modulus by zero");
  }
  if (are_ints) {
    return Literal{
        WrappingArithmetic(*arithmetic, left.as_int(), right.as_int())};
  }
  return Literal{
      DoubleArithmetic(*arithmetic, left.as_double(), right.as_double())};
}

absl::StatusOr<bool> FoldCompare(CompareOp op, const Literal& left,
                                 const Literal& right) {
  if (left.is_int() && right.is_int()) {
    return Holds(op, left.as_int() <=> right.as_int());
  }
  if (left.is_number() && right.is_number()) {
    return Holds(op, left.as_double() <=> right.as_double());
  }
  if (left.is_text() && right.is_text()) {
    return Holds(op, left.as_text() <=> right.as_text());
  }
  if (left.is_bool() && right.is_bool()) {
    return Holds(op, left.as_bool() <=> right.as_bool());
  }
  return InvalidInput(ErrorCode::kParameterInvalid,
                      "comparisons between {} and {} are not supported",
                      KindOf(left), KindOf(right));
}

}  // namespace elanus::expr

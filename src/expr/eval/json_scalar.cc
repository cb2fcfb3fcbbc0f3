#include "expr/eval/json_scalar.h"

#include <algorithm>

namespace elanus::expr {

bool Equals(const JsonScalar& scalar, const Literal& literal) {
  switch (scalar.kind) {
    case JsonScalar::Kind::kBool:
      return literal.is_bool() && literal.as_bool() == scalar.boolean;
    case JsonScalar::Kind::kInt:
      if (literal.is_int()) return literal.as_int() == scalar.integer;
      return literal.is_double() && literal.as_double() == scalar.number;
    case JsonScalar::Kind::kDouble:
      return literal.is_number() && literal.as_double() == scalar.number;
    case JsonScalar::Kind::kText:
      return literal.is_text() && literal.as_text() == scalar.text;
    case JsonScalar::Kind::kBad:
    case JsonScalar::Kind::kNull:
    case JsonScalar::Kind::kArray:
    case JsonScalar::Kind::kObject:
      return false;
  }
  return false;
}

bool EqualByValue(const Literal& left, const Literal& right) {
  if (left.is_list() && right.is_list()) {
    return std::equal(left.as_list().begin(), left.as_list().end(),
                      right.as_list().begin(), right.as_list().end(),
                      EqualByValue);
  }
  const bool is_mixed =
      left.is_number() && right.is_number() && left.is_int() != right.is_int();
  if (is_mixed) return left.as_double() == right.as_double();
  return left == right;
}

}  // namespace elanus::expr

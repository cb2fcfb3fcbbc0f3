// Makes the nodes of a plan that say something about one column: checks that
// the constants fit the column's type, converts them, and folds what no row can
// change (`i8 > 1000`).
//
// Errors: kParameterInvalid with the bare reason, in Milvus's words.
#pragma once

#include <string_view>

#include "base/status.h"
#include "expr/literal.h"
#include "expr/plan.h"

namespace elanus::expr {

NodePtr MakeConstant(bool value);

// `value` on each row where the column is not null.
NodePtr MakeKnown(Column column, bool value);

// column compare value.
absl::StatusOr<NodePtr> MakeCompare(Column column, CompareOp compare,
                                    const Literal& value);

struct RangeBounds {
  Literal lower;
  bool lower_inclusive;
  Literal upper;
  bool upper_inclusive;
};
// lower < column < upper.
absl::StatusOr<NodePtr> MakeRange(Column column, const RangeBounds& bounds);

// column [not] in list.
absl::StatusOr<NodePtr> MakeTerm(Column column, const Literal& list,
                                 bool negated);

absl::StatusOr<NodePtr> MakeLike(Column column, const Literal& pattern);

// The checks of `column op operand` alone; its comparison comes later.
absl::Status CheckArithmetic(const Column& column, ArithmeticOp op,
                             const Literal& operand);

// column op operand compare value.
absl::StatusOr<NodePtr> MakeArithmetic(ArithmeticNode node);

absl::StatusOr<NodePtr> MakeLength(Column column, CompareOp compare,
                                   const Literal& length);

absl::StatusOr<NodePtr> MakeFieldCompare(Column left, CompareOp compare,
                                         Column right);

absl::StatusOr<NodePtr> MakeExists(Column column);
absl::StatusOr<NodePtr> MakeIsNull(Column column);

// The same comparison with its sides exchanged.
CompareOp Mirror(CompareOp compare);

}  // namespace elanus::expr

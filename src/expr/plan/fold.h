// Arithmetic and comparison of two constants, before any row is seen.
//
// Errors: kParameterInvalid with the bare reason: wrong kinds, division by
//         zero.
#pragma once

#include <string_view>

#include "base/status.h"
#include "expr/literal.h"
#include "expr/parse/lexer.h"
#include "expr/plan.h"

namespace elanus::expr {

// + - * / % **. Ints stay ints (division truncates, overflow wraps, a power
// that is negative or does not fit becomes a double).
absl::StatusOr<Literal> FoldArithmetic(TokenKind op, const Literal& left,
                                       const Literal& right);

// Numbers with numbers, texts with texts, bools with bools.
absl::StatusOr<bool> FoldCompare(CompareOp op, const Literal& left,
                                 const Literal& right);

// "+", "<=": the operator as it is written.
std::string_view SpellingOf(TokenKind op);

// int64 arithmetic that wraps; division truncates. `right` of kDiv and kMod is
// not 0.
std::int64_t WrappingArithmetic(ArithmeticOp op, std::int64_t left,
                                std::int64_t right);

}  // namespace elanus::expr

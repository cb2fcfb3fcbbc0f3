// Parses the text of a filter: precedence climbing (Pratt, "Top Down Operator
// Precedence", POPL 1973) over the grammar's levels.
//
//   ASSIGN_OR_RETURN(Ast ast, Parse("a > 1 and b in [1, 2]", 256));
//
// Errors: kParameterInvalid with the bare reason: a syntax error with its
//         place, a literal out of range, nesting beyond depth_max. Never
//         recurses deeper than a small multiple of depth_max.
#pragma once

#include <string_view>

#include "base/status.h"
#include "expr/parse/ast.h"

namespace elanus::expr {

absl::StatusOr<Ast> Parse(std::string_view text, int depth_max);

}  // namespace elanus::expr

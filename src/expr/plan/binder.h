// From the tree as written to the tree of a plan: binds names to fields or to
// keys of the dynamic field, puts template values in, checks types.
#pragma once

#include <string>

#include "base/status.h"
#include "expr/literal.h"
#include "expr/parse/ast.h"
#include "expr/plan.h"
#include "types/schema.h"

namespace elanus::expr {

// A plan's root, or the type of what was written instead of a condition.
struct Bound {
  NodePtr root;           // null where the text is no condition
  std::string data_type;  // then: "Int64", "Bool", ...
};

// Errors: kParameterInvalid with the bare reason.
absl::StatusOr<Bound> Bind(const Ast& ast, const types::Schema& schema,
                           const TemplateValues& values);

}  // namespace elanus::expr

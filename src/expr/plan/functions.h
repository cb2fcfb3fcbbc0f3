// The functions of the language: json_contains and its kin, array_length.
// Names are all lower or all upper case.
#pragma once

#include <string_view>
#include <vector>

#include "base/status.h"
#include "expr/plan/operand.h"

namespace elanus::expr {

// Errors: kParameterInvalid naming the function where it is unknown or not
//         supported.
absl::Status CheckFunction(std::string_view name);

// `name` has passed CheckFunction.
absl::StatusOr<Operand> BindFunction(std::string_view name,
                                     std::vector<Operand> arguments);

}  // namespace elanus::expr

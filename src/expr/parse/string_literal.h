// The text between quotes, with its escapes resolved.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace elanus::expr {

// \" \' \\ \? \n \t \r \a \b \f \v \ooo \xhh \uXXXX \UXXXXXXXX. `\%` and `\_`
// stay as they are, for LIKE. \x and \ooo give one byte, \u and
// \U UTF-8.
//
// Errors: an unknown or cut escape, a number that is no byte or code point.
absl::StatusOr<std::string> ResolveEscapes(std::string_view body);

}  // namespace elanus::expr

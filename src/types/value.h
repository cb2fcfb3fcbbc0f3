// One scalar value: a literal of a filter, a default, a primary key.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace elanus::types {

// std::monostate = null / absent.
using Value =
    std::variant<std::monostate, bool, std::int64_t, double, std::string>;

// A primary key is an Int64 or a VarChar.
using PrimaryKey = std::variant<std::int64_t, std::string>;

}  // namespace elanus::types

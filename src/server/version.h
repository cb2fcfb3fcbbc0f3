// What `elanus version` prints.
#pragma once

#include <string_view>

namespace elanus::server {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace elanus::server

// How FloatTermNode keeps values: the bits of the double, with one zero.
#pragma once

#include <bit>
#include <cstdint>

namespace elanus::expr {

inline std::int64_t FloatTermBits(double value) {
  return std::bit_cast<std::int64_t>(value + 0.0);  // -0.0 + 0.0 is 0.0
}

}  // namespace elanus::expr

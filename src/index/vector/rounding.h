// How much float32 sums may be wrong: what proven bounds have to leave room
// for.
//
// Source: N. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed.,
//         section 3.1.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>

namespace elanus::index {

// Of an inner product of vectors a and b of this dimension, as the kernels sum
// it up: a share of |a| |b|.
inline double SumError(std::size_t dim) {
  return std::ldexp(static_cast<double>(dim + 64), -24);
}

// What a handful of float32 operations lose, generously: a share.
inline constexpr double kSlack = 2e-6;

inline float RoundUp(double value) {
  return std::nextafter(static_cast<float>(value),
                        std::numeric_limits<float>::infinity());
}

}  // namespace elanus::index

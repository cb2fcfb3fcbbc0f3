#include "index/vector/flat/code_bounds.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "index/vector/rounding.h"

namespace elanus::index {
namespace {

// Above this length a product of two rows can leave float32's range: such rows
// are always computed.
constexpr double kLongest = 1e18;
constexpr float kCodeMax = 127;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// What underflow can take from a sum.
double Underflow(std::size_t dim) { return static_cast<double>(dim) * 1e-37; }

double Square(double x) { return x * x; }

struct Coded {
  float scale = 0;
  double length = 0;        // |x|
  double error = 0;         // |x - x'|
  double coded_length = 0;  // |x'|
};

// `put(i, code)` takes the codes of x * factor.
template <typename Put>
Coded Encode(const float* x, double factor, std::size_t dim, Put put) {
  double largest = 0;
  double square = 0;
  for (std::size_t i = 0; i < dim; ++i) {
    largest = std::max(largest, std::abs(x[i] * factor));
    square += Square(x[i] * factor);
  }
  Coded coded{.length = std::sqrt(square)};
  if (!(coded.length < kLongest)) {  // or no number
    coded.length = std::numeric_limits<double>::infinity();
    return coded;
  }
  coded.scale = static_cast<float>(largest / kCodeMax);
  const double inverse = coded.scale > 0 ? 1.0 / coded.scale : 0;
  for (std::size_t i = 0; i < dim; ++i) {
    const double value = x[i] * factor;
    const double code = std::clamp<double>(std::nearbyint(value * inverse),
                                           -kCodeMax, kCodeMax);
    put(i, static_cast<std::int8_t>(code));
    coded.error += Square(value - code * coded.scale);
    coded.coded_length += Square(code * coded.scale);
  }
  coded.error = std::sqrt(coded.error);
  coded.coded_length = std::sqrt(coded.coded_length);
  return coded;
}

}  // namespace

void EncodeRow(const float* x, double factor, std::size_t dim, bool is_l2,
               std::size_t row, const CodeRoom& room) {
  constexpr std::size_t kGroup = simd::kCodeGroup;
  std::uint8_t* to =
      room.codes + row / kGroup * kGroup * room.width + row % kGroup * 4;
  const Coded coded =
      Encode(x, factor, dim, [to](std::size_t i, std::int8_t code) {
        to[i / 4 * 4 * kGroup + i % 4] =
            static_cast<std::uint8_t>(code + simd::kCodeZero);
      });
  room.scales[row] = coded.scale;
  if (is_l2) {
    room.errors[row] = RoundUp(coded.error * (1 + kSlack));
    room.sizes[row] =
        static_cast<float>(Square(coded.coded_length) * (1 - kSlack));
  } else {
    room.errors[row] =
        RoundUp(coded.error * (1 + kSlack) + SumError(dim) * coded.length);
    room.sizes[row] = RoundUp(coded.coded_length * (1 + kSlack));
  }
  if (!(coded.length < kLongest)) room.errors[row] = kInfinity;
}

CodedQuery::CodedQuery(const float* query, std::size_t dim, bool is_l2)
    : dim_(dim), is_l2_(is_l2), codes_(CodeWidth(dim)) {
  std::int32_t sum = 0;
  const Coded coded =
      Encode(query, 1, dim, [&](std::size_t i, std::int8_t code) {
        codes_[i] = code;
        sum += code;
      });
  is_usable_ = coded.length < kLongest;
  error_ = coded.error;
  view_ = {
      .codes = codes_.data(),
      .code_sum = sum,
      .scale = coded.scale,
      .constant = static_cast<float>(Square(coded.coded_length) * (1 - kSlack)),
      .error_weight = RoundUp(coded.length * (1 + kSlack)),
      .size_weight = RoundUp(coded.error * (1 + kSlack)),
      .bound = kInfinity};
}

void CodedQuery::SetBound(float distance) {
  double bound = distance + Underflow(dim_);
  if (is_l2_) {
    bound = std::sqrt(bound * (1 + 2 * SumError(dim_))) * (1 + kSlack) +
            error_ * (1 + kSlack);
  } else {
    bound += std::abs(distance) * kSlack;
  }
  view_.bound = std::isnan(bound) ? kInfinity : RoundUp(bound);
}

}  // namespace elanus::index

#include "index/quantization/rotation.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <random>

namespace elanus::index {
namespace {

constexpr std::size_t kRounds = 4;

// Sums and differences of values that are `half` apart, a multiple of kRun:
// runs of a known length become vector instructions.
template <std::size_t kRun>
void Butterflies(float* values, std::size_t count, std::size_t half) {
  for (std::size_t at = 0; at < count; at += 2 * half) {
    for (float* run = values + at; run < values + at + half; run += kRun) {
      float x[kRun];
      float y[kRun];
      std::memcpy(x, run, sizeof(x));
      std::memcpy(y, run + half, sizeof(y));
      for (std::size_t i = 0; i < kRun; ++i) run[i] = x[i] + y[i];
      for (std::size_t i = 0; i < kRun; ++i) run[i + half] = x[i] - y[i];
    }
  }
}

void Hadamard(float* values, std::size_t count) {
  if (count > 1) Butterflies<1>(values, count, 1);
  if (count > 2) Butterflies<2>(values, count, 2);
  if (count > 4) Butterflies<4>(values, count, 4);
  for (std::size_t half = 8; half < count; half *= 2) {
    Butterflies<8>(values, count, half);
  }
  const float scale = 1 / std::sqrt(static_cast<float>(count));
  for (std::size_t i = 0; i < count; ++i) values[i] *= scale;
}

}  // namespace

Rotation::Rotation(std::size_t dim, std::uint64_t seed)
    : dim_(dim), window_(std::bit_floor(dim)), signs_(kRounds * dim) {
  std::mt19937_64 random(seed);
  for (float& sign : signs_) sign = (random() >> 63) != 0 ? 1.0F : -1.0F;
}

void Rotation::Apply(float* vector) const {
  const float scale = std::sqrt(0.5F);
  for (std::size_t round = 0; round < kRounds; ++round) {
    const float* signs = signs_.data() + round * dim_;
    for (std::size_t i = 0; i < dim_; ++i) vector[i] *= signs[i];
    // Windows at the front and at the back take turns.
    Hadamard(vector + (round % 2 == 0 ? 0 : dim_ - window_), window_);
    if (window_ == dim_) continue;
    const std::size_t half = dim_ / 2;
    for (std::size_t i = 0; i < half; ++i) {
      const float x = vector[i];
      const float y = vector[i + half];
      vector[i] = (x + y) * scale;
      vector[i + half] = (x - y) * scale;
    }
  }
}

}  // namespace elanus::index

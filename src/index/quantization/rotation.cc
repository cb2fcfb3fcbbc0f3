#include "index/quantization/rotation.h"

#include <bit>
#include <cmath>
#include <random>

namespace elanus::index {
namespace {

constexpr std::size_t kRounds = 4;

void Hadamard(float* values, std::size_t count) {
  for (std::size_t half = 1; half < count; half *= 2) {
    for (std::size_t at = 0; at < count; at += 2 * half) {
      for (std::size_t i = at; i < at + half; ++i) {
        const float x = values[i];
        const float y = values[i + half];
        values[i] = x + y;
        values[i + half] = x - y;
      }
    }
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

#include "index/quantization/rotation.h"

#include <bit>
#include <random>

#include "simd/rotate.h"

namespace elanus::index {
namespace {

constexpr std::size_t kRounds = 4;

}  // namespace

Rotation::Rotation(std::size_t dim, std::uint64_t seed)
    : dim_(dim), window_(std::bit_floor(dim)), signs_(kRounds * dim) {
  std::mt19937_64 random(seed);
  for (float& sign : signs_) sign = (random() >> 63) != 0 ? 1.0F : -1.0F;
}

void Rotation::Apply(float* vector) const {
  simd::RotateKernels().rotate(signs_.data(), kRounds, {dim_, window_}, vector);
}

}  // namespace elanus::index

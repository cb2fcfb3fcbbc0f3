#include "simd/rotate.h"

#include <bit>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace elanus::simd {
namespace {

constexpr size_t kDims[] = {1,   2,   3,   4,   7,   8,   9,   15,
                            16,  17,  31,  32,  33,  63,  64,  65,
                            100, 127, 128, 129, 200, 384, 768, 1536};
constexpr size_t kRounds = 4;

class RotateTest : public testing::TestWithParam<const RotationKernels*> {};

// Straight from the definition: entry (i, j) of a Hadamard matrix is the parity
// of the bits that i and j share.
std::vector<double> Expected(const std::vector<float>& signs, size_t dim,
                             size_t window, const std::vector<float>& vector) {
  std::vector<double> x(vector.begin(), vector.end());
  for (size_t round = 0; round < kRounds; ++round) {
    for (size_t d = 0; d < dim; ++d) x[d] *= double{signs[round * dim + d]};
    const size_t begin = round % 2 == 0 ? 0 : dim - window;
    std::vector<double> turned(window);
    for (size_t i = 0; i < window; ++i) {
      for (size_t j = 0; j < window; ++j) {
        turned[i] +=
            std::popcount(i & j) % 2 == 0 ? x[begin + j] : -x[begin + j];
      }
    }
    for (size_t i = 0; i < window; ++i) {
      x[begin + i] = turned[i] / std::sqrt(static_cast<double>(window));
    }
    if (window == dim) continue;
    for (size_t d = 0; d < dim / 2; ++d) {
      const double a = x[d];
      const double b = x[d + dim / 2];
      x[d] = (a + b) * std::sqrt(0.5);
      x[d + dim / 2] = (a - b) * std::sqrt(0.5);
    }
  }
  return x;
}

// Sums of up to 12 stages a round lose a few units in the last place of the
// vector's length.
TEST_P(RotateTest, EqualsItsDefinitionAndTheScalarLevelToTheLastBit) {
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal;
  for (const size_t dim : kDims) {
    const size_t window = std::bit_floor(dim);
    std::vector<float> signs(kRounds * dim);
    for (float& sign : signs) sign = random() % 2 == 0 ? 1.0F : -1.0F;
    std::vector<float> vector(dim);
    double square = 0;
    for (float& value : vector) {
      value = normal(random);
      square += double{value} * double{value};
    }
    // At an odd place: nothing is aligned.
    std::vector<float> moved(dim + 1);
    std::copy(vector.begin(), vector.end(), moved.begin() + 1);
    GetParam()->rotate(signs.data(), kRounds, {dim, window}, moved.data() + 1);
    std::vector<float> scalar = vector;
    kScalarRotationKernels.rotate(signs.data(), kRounds, {dim, window},
                                  scalar.data());
    const std::vector<double> expected = Expected(signs, dim, window, vector);
    for (size_t d = 0; d < dim; ++d) {
      EXPECT_EQ(moved[d + 1], scalar[d]) << dim << " dimensions, " << d;
      EXPECT_NEAR(double{scalar[d]}, expected[d], 3e-6 * std::sqrt(square))
          << dim << " dimensions, " << d;
    }
  }
}

std::vector<const RotationKernels*> Supported() {
  size_t count = 0;
  const RotationKernels* const* kernels = SupportedRotateKernels(&count);
  return {kernels, kernels + count};
}

INSTANTIATE_TEST_SUITE_P(Levels, RotateTest, testing::ValuesIn(Supported()),
                         [](const auto& kernels) {
                           return std::string(kernels.param->name);
                         });

}  // namespace
}  // namespace elanus::simd

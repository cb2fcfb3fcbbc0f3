#include "simd/byte_weights.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace elanus::simd {
namespace {

constexpr size_t kDims[] = {1,  3,  7,  8,   9,   15,  16,  17,  31,  32,  33,
                            63, 64, 65, 100, 127, 128, 129, 384, 768, 1536};
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// One element before them all, so that nothing is aligned.
struct Case {
  explicit Case(size_t count)
      : dim(count), q(dim + 1), middle(dim + 1), step(dim + 1), code(dim + 1) {
    std::mt19937 random(static_cast<unsigned>(dim));
    std::normal_distribution<float> normal;
    for (size_t d = 1; d <= dim; ++d) {
      q[d] = normal(random);
      middle[d] = 0.3F * normal(random);
      step[d] = 0.001F + 0.01F * std::abs(normal(random));
      code[d] = static_cast<uint8_t>(random());
    }
  }
  CodeScale scale() const { return {middle.data() + 1, step.data() + 1, dim}; }

  size_t dim;
  std::vector<float> q;
  std::vector<float> middle;
  std::vector<float> step;
  std::vector<uint8_t> code;
};

class ByteWeightsTest
    : public testing::TestWithParam<const ByteWeightKernels*> {};

// Sums are taken in another order: each term is off by 2^-24 of itself for each
// of those before it.
void ExpectSum(float actual, float expected, double magnitude, size_t dim) {
  const double tolerance =
      magnitude * std::ldexp(static_cast<double>(dim + 8), -24);
  EXPECT_NEAR(actual, expected, tolerance) << "dim " << dim;
}

TEST_P(ByteWeightsTest, MeasuresAsTheSpecificationAtEveryTail) {
  for (const size_t dim : kDims) {
    const Case data(dim);
    for (const bool from_middle : {false, true}) {
      const float* const q = data.q.data() + 1;
      const PlaceSums sums = GetParam()->measure(q, data.scale(), from_middle);
      const PlaceSums expected =
          kScalarByteWeights.measure(q, data.scale(), from_middle);
      double magnitude = 0;
      for (size_t d = 1; d <= dim; ++d) {
        magnitude += std::abs(double{data.q[d]} * data.middle[d]);
      }
      ExpectSum(sums.square, expected.square, expected.square, dim);
      ExpectSum(sums.product, expected.product, magnitude, dim);
      EXPECT_FLOAT_EQ(sums.largest_weight, expected.largest_weight);
    }
  }
}

// A value that lies between two weights may become either: fused products are
// rounded once.
TEST_P(ByteWeightsTest, WeighsAsTheSpecificationAndWritesNothingBehind) {
  for (const size_t dim : kDims) {
    const Case data(dim);
    const float* const q = data.q.data() + 1;
    for (const bool from_middle : {false, true}) {
      const float unit =
          kScalarByteWeights.measure(q, data.scale(), from_middle)
              .largest_weight /
          127;
      std::vector<int8_t> weights(dim + 1, 99);
      std::vector<int8_t> expected(dim + 1, 99);
      const WeightSums sums =
          GetParam()->weigh(q, data.scale(), from_middle, unit, weights.data());
      const WeightSums wanted = kScalarByteWeights.weigh(
          q, data.scale(), from_middle, unit, expected.data());
      size_t different = 0;
      for (size_t d = 0; d < dim; ++d) {
        EXPECT_NEAR(weights[d], expected[d], 1);
        different += weights[d] != expected[d] ? 1 : 0;
      }
      EXPECT_LE(different, 1 + dim / 1000);
      EXPECT_EQ(weights[dim], 99);
      const auto slack = static_cast<float>(different);
      EXPECT_NEAR(sums.sum, wanted.sum, slack);
      EXPECT_NEAR(sums.magnitude, wanted.magnitude, slack);
      EXPECT_NEAR(sums.off_square, wanted.off_square,
                  1e-4F * wanted.off_square +
                      (slack + 1e-9F * static_cast<float>(dim)) * unit * unit);
    }
  }
}

TEST_P(ByteWeightsTest, WhatIsNoNumberAndAUnitOfZeroWeighNothing) {
  for (const size_t dim : {3, 8, 16, 21}) {
    Case data(dim);
    data.q[2] = kNan;
    const float* const q = data.q.data() + 1;
    EXPECT_FALSE(
        std::isnan(GetParam()->measure(q, data.scale(), true).largest_weight));
    std::vector<int8_t> weights(dim);
    kScalarByteWeights.weigh(q, data.scale(), true, 0.01F, weights.data());
    const int8_t first = weights[0];
    GetParam()->weigh(q, data.scale(), true, 0.01F, weights.data());
    EXPECT_EQ(weights[1], 0);
    EXPECT_EQ(weights[0], first);
    GetParam()->weigh(q, data.scale(), true, 0, weights.data());
    EXPECT_EQ(weights, std::vector<int8_t>(dim, 0));
    data.middle[2] = kNan;
    GetParam()->weigh_code(data.code.data() + 1, data.scale(), false,
                           weights.data());
    EXPECT_EQ(weights[1], 0);
  }
}

TEST_P(ByteWeightsTest, WeighsCodesAsTheSpecificationAndWritesNothingBehind) {
  for (const size_t dim : kDims) {
    const Case data(dim);
    const uint8_t* const code = data.code.data() + 1;
    for (const bool from_middle : {false, true}) {
      std::vector<int8_t> weights(dim + 1, 99);
      std::vector<int8_t> expected(dim + 1, 99);
      const CodeSums sums = GetParam()->weigh_code(code, data.scale(),
                                                   from_middle, weights.data());
      const CodeSums wanted = kScalarByteWeights.weigh_code(
          code, data.scale(), from_middle, expected.data());
      size_t different = 0;
      double magnitude = 0;
      for (size_t d = 0; d < dim; ++d) {
        EXPECT_NEAR(weights[d], expected[d], 1);
        different += weights[d] != expected[d] ? 1 : 0;
        const double x = data.middle[d + 1] + 128 * data.step[d + 1];
        magnitude += std::abs(x * data.middle[d + 1]);
      }
      EXPECT_LE(different, 1 + dim / 1000);
      EXPECT_EQ(weights[dim], 99);
      EXPECT_NEAR(sums.sum, wanted.sum, static_cast<float>(different));
      EXPECT_FLOAT_EQ(sums.unit, wanted.unit);
      ExpectSum(sums.place.square, wanted.place.square, wanted.place.square,
                dim);
      ExpectSum(sums.place.product, wanted.place.product, magnitude, dim);
    }
  }
}

std::vector<const ByteWeightKernels*> AllSupported() {
  size_t count = 0;
  const ByteWeightKernels* const* tables = SupportedByteWeights(&count);
  return {tables, tables + count};
}

INSTANTIATE_TEST_SUITE_P(Levels, ByteWeightsTest,
                         testing::ValuesIn(AllSupported()),
                         [](const auto& param) {
                           return std::string(param.param->name);
                         });

TEST(ByteWeightsChoiceTest, TheBestLevelIsChosenAndScalarIsAlwaysThere) {
  const auto all = AllSupported();
  EXPECT_EQ(&ByteWeights(), all.front());
  EXPECT_EQ(all.back(), &kScalarByteWeights);
}

}  // namespace
}  // namespace elanus::simd

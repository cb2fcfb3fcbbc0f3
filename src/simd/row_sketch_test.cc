#include "simd/row_sketch.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace elanus::simd {
namespace {

constexpr size_t kDims[] = {1,  3,  7,  8,   9,   15,  16,  17,  31,  32,  33,
                            63, 64, 65, 100, 127, 128, 129, 384, 768, 1536};
constexpr size_t kRows = 23;

// Records at odd addresses, with garbage behind them.
struct Records {
  Records(size_t dim, size_t planes, std::mt19937& random)
      : code_bytes(planes * ((dim + 7) / 8)),
        stride(code_bytes + kSketchTail + 1),
        bytes(1 + kRows * stride + kSketchSlack),
        weights((dim + kSketchWeights - 1) / kSketchWeights * kSketchWeights) {
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    for (size_t d = 0; d < dim; ++d) {
      weights[d] = static_cast<int8_t>(random() % 255 - 127);
    }
    std::normal_distribution<float> normal;
    for (size_t row = 0; row < kRows; ++row) {
      for (size_t i = 0; i < 3; ++i) PutTail(row, i, normal(random));
    }
  }

  void PutTail(size_t row, size_t i, float value) {
    uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof(bits));
    const auto upper = static_cast<uint16_t>(bits >> 16);
    std::memcpy(bytes.data() + 1 + row * stride + code_bytes + 2 * i, &upper,
                sizeof(upper));
  }

  size_t code_bytes;
  size_t stride;
  std::vector<uint8_t> bytes;
  std::vector<int8_t> weights;
};

class SketchKernelTest
    : public testing::TestWithParam<const RowSketchKernels*> {};

// The sums are exact; what is made of them is rounded a few times, which is
// measured against the largest part.
TEST_P(SketchKernelTest, EqualsTheSpecificationAtEveryTailAndCount) {
  const std::vector<uint32_t> ids = {5, 22, 0, 5, 17, 3, 1, 9, 21, 2, 4};
  std::mt19937 random(1);
  for (const size_t dim : kDims) {
    for (const size_t planes : {1, 2}) {
      const Records records(dim, planes, random);
      const SketchTable table = {records.bytes.data() + 1, records.stride, dim,
                                 planes};
      const SketchProbe probe = {.weights = records.weights.data(),
                                 .base = -1.5F,
                                 .scale = 0.01F,
                                 .shift = 0.7F,
                                 .reach = 0.3F};
      for (size_t count = 0; count <= ids.size(); ++count) {
        std::vector<float> out(count + 1, 42);
        std::vector<float> expected(count + 1, 42);
        GetParam()->bounds(probe, table, ids.data(), count, out.data());
        kScalarSketchKernels.bounds(probe, table, ids.data(), count,
                                    expected.data());
        for (size_t i = 0; i <= count; ++i) {
          EXPECT_NEAR(out[i], expected[i],
                      1e-6 * (10 + static_cast<double>(dim)))
              << "dim " << dim << ", " << planes << " planes, row " << i
              << " of " << count;
        }
      }
    }
  }
}

// Of a row that no bound is known for.
TEST_P(SketchKernelTest, AnInfiniteErrorIsABoundBelowAll) {
  std::mt19937 random(2);
  Records records(100, 2, random);
  records.PutTail(3, 2, std::numeric_limits<float>::infinity());
  const SketchProbe probe = {.weights = records.weights.data(),
                             .base = 1e30F,
                             .scale = 1,
                             .shift = 0,
                             .reach = 1};
  const uint32_t row = 3;
  float bound = 0;
  GetParam()->bounds(probe, {records.bytes.data() + 1, records.stride, 100, 2},
                     &row, 1, &bound);
  EXPECT_EQ(bound, -std::numeric_limits<float>::infinity());
}

// What codecs make of rows and queries of which nothing is proven.
TEST_P(SketchKernelTest, AnInfiniteBiasOrBaseIsABoundBelowAll) {
  std::mt19937 random(3);
  Records records(100, 2, random);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  records.PutTail(3, 0, 0);
  records.PutTail(3, 1, -kInfinity);
  records.PutTail(3, 2, 0);
  const uint32_t rows[] = {3, 4};
  for (const float base : {1e30F, -kInfinity}) {
    const SketchProbe probe = {.weights = records.weights.data(),
                               .base = base,
                               .scale = base < 0 ? 0.0F : 1.0F,
                               .shift = 0,
                               .reach = base < 0 ? 0.0F : 1.0F};
    float bounds[2];
    GetParam()->bounds(probe,
                       {records.bytes.data() + 1, records.stride, 100, 2}, rows,
                       2, bounds);
    EXPECT_EQ(bounds[0], -kInfinity);
    EXPECT_EQ(bounds[1] == -kInfinity, base < 0);
  }
}

std::vector<const RowSketchKernels*> AllSupported() {
  size_t count = 0;
  const RowSketchKernels* const* tables = SupportedSketchKernels(&count);
  return {tables, tables + count};
}

INSTANTIATE_TEST_SUITE_P(Levels, SketchKernelTest,
                         testing::ValuesIn(AllSupported()),
                         [](const auto& param) {
                           return std::string(param.param->name);
                         });

TEST(SketchKernelChoiceTest, TheBestLevelIsChosenAndScalarIsAlwaysThere) {
  const auto all = AllSupported();
  EXPECT_EQ(&SketchKernels(), all.front());
  EXPECT_EQ(all.back(), &kScalarSketchKernels);
}

}  // namespace
}  // namespace elanus::simd

#include "simd/packed_rows.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace elanus::simd {
namespace {

constexpr size_t kDims[] = {1,  3,  7,  8,  9,  15,  16,  17,  31,  32,
                            33, 63, 64, 65, 96, 100, 128, 384, 768, 1536};
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

class PackedKernelTest : public testing::TestWithParam<const PackedKernels*> {};

std::vector<float> Normal(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

TEST_P(PackedKernelTest, ScoresAgreeWithTheReferenceForEveryTileAndDimension) {
  for (const size_t dim : kDims) {
    for (const size_t panel_count : {1, 2, 4, 5}) {
      const size_t rows = panel_count * kPanelRows;
      // One float behind an aligned address.
      const auto values = Normal(1 + rows * dim, 1);
      auto bias = Normal(rows, 2);
      bias[rows - 1] = kInfinity;
      const Panels panels = {values.data() + 1, bias.data(), panel_count};
      for (const size_t nq : {1, 2, 3, 4, 5, 12, 17}) {
        const auto queries = Normal(1 + nq * (dim + 1), 3);
        const RowTable table = {queries.data() + 1, dim + 1};
        std::vector<float> out(nq * rows + 1, 42.0F);
        std::vector<float> expected(nq * rows);
        GetParam()->scores(table, nq, panels, dim, -2.0F, out.data());
        kScalarPackedKernels.scores(table, nq, panels, dim, -2.0F,
                                    expected.data());
        for (size_t i = 0; i < expected.size(); ++i) {
          if (std::isinf(expected[i])) {
            ASSERT_EQ(out[i], expected[i]);
            continue;
          }
          ASSERT_NEAR(out[i], expected[i],
                      1e-5 * std::sqrt(static_cast<double>(dim)) + 1e-5)
              << "dim " << dim << " queries " << nq << " at " << i;
        }
        EXPECT_EQ(out.back(), 42.0F) << "wrote beyond its output";
      }
    }
  }
}

TEST_P(PackedKernelTest, TheFirstSmallestIsFoundWhateverElseIsThere) {
  std::mt19937 random(4);
  for (int round = 0; round < 2000; ++round) {
    std::vector<float> values(1 + random() % 70);
    for (float& value : values) {
      const float choices[] = {1, 2, 3, -5, kInfinity, -kInfinity, kNan};
      // Some rounds have nothing below infinity.
      const unsigned from = round % 5 == 0 ? 4 : 0;
      value = choices[from + random() % (7 - from)];
      if (round % 10 == 0 && value == -kInfinity) value = kNan;
    }
    EXPECT_EQ(GetParam()->smallest(values.data(), values.size()),
              kScalarPackedKernels.smallest(values.data(), values.size()));
  }
}

TEST_P(PackedKernelTest, CollectsInOrderWhatIsNotAboveTheBound) {
  std::mt19937 random(5);
  for (size_t count = 0; count < 100; ++count) {
    auto values = Normal(count, static_cast<unsigned>(count));
    if (count > 3) values[random() % count] = kNan;
    for (const float bound : {-kInfinity, -1.0F, 0.5F, kInfinity}) {
      std::vector<std::uint32_t> places(count + 16);
      std::vector<std::uint32_t> expected(count + 16);
      const size_t found =
          GetParam()->collect(values.data(), count, bound, places.data());
      ASSERT_EQ(found, kScalarPackedKernels.collect(values.data(), count, bound,
                                                    expected.data()));
      for (size_t i = 0; i < found; ++i) EXPECT_EQ(places[i], expected[i]);
    }
  }
}

std::vector<const PackedKernels*> AllSupported() {
  size_t count = 0;
  const PackedKernels* const* tables = SupportedPackedKernels(&count);
  return {tables, tables + count};
}

INSTANTIATE_TEST_SUITE_P(Levels, PackedKernelTest,
                         testing::ValuesIn(AllSupported()),
                         [](const auto& param) {
                           return std::string(param.param->name);
                         });

}  // namespace
}  // namespace elanus::simd

#include "simd/row_filter.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace elanus::simd {
namespace {

class RowFilterTest : public testing::TestWithParam<const RowFilterKernels*> {};

TEST_P(RowFilterTest, GivesThePlacesOfRowsThatPassInTheirOrderAtEveryCount) {
  constexpr size_t kRows = 1000;
  constexpr uint32_t kMark = 0xFFFFFFFF;
  std::mt19937_64 random(1);
  for (const double share : {0.0, 0.1, 0.5, 1.0}) {
    // No word more than the rows need: sanitizers tell who reads beyond.
    std::vector<uint64_t> excluded((kRows + 63) / 64);
    for (size_t row = 0; row < kRows; ++row) {
      if (std::bernoulli_distribution(1 - share)(random)) {
        excluded[row / 64] |= uint64_t{1} << row % 64;
      }
    }
    for (size_t count = 0; count <= 70; ++count) {
      std::vector<uint32_t> rows(count);
      std::vector<uint32_t> expected;
      constexpr uint32_t kFirst = 77;
      for (size_t i = 0; i < count; ++i) {
        rows[i] = static_cast<uint32_t>(random() % kRows);
        if ((excluded[rows[i] / 64] >> rows[i] % 64 & 1) == 0) {
          expected.push_back(kFirst + static_cast<uint32_t>(i));
        }
      }
      std::vector<uint32_t> out(count + kFilterSlack, kMark);
      out.resize(GetParam()->passing(rows.data(), count, excluded.data(),
                                     kFirst, out.data()));
      ASSERT_EQ(out, expected) << count << " rows, share " << share;
    }
  }
}

std::vector<const RowFilterKernels*> Supported() {
  size_t count = 0;
  const RowFilterKernels* const* kernels = SupportedFilterKernels(&count);
  return {kernels, kernels + count};
}

INSTANTIATE_TEST_SUITE_P(Levels, RowFilterTest, testing::ValuesIn(Supported()),
                         [](const auto& kernels) {
                           return std::string(kernels.param->name);
                         });

}  // namespace
}  // namespace elanus::simd

#include "simd/list_codes.h"

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace elanus::simd {
namespace {

class CodeKernelTest : public testing::TestWithParam<const CodeKernels*> {
 protected:
  // Compares what the kernel and the specification say of random codes, one
  // byte behind an aligned address. `run` calls the kernel of a table.
  template <typename Run>
  void Compare(size_t group_bytes, size_t table_bytes, Run run) {
    std::mt19937 random(1);
    for (const size_t groups :
         {1, 2, 3, 4, 7, 8, 9, 16, 25, 32, 96, 192, 256, 257, 384}) {
      for (const size_t blocks : {0, 1, 2, 3, 4, 5, 9}) {
        const size_t rows = blocks * kScanRows;
        std::vector<uint8_t> codes(1 + blocks * groups * group_bytes);
        std::vector<uint8_t> table(1 + groups * table_bytes);
        std::vector<float> scale(rows + 1);
        std::vector<float> bias(rows + 1);
        const bool is_full = groups % 2 == 0;  // the largest sums there are
        for (auto& code : codes) code = static_cast<uint8_t>(random());
        for (auto& entry : table) {
          entry = is_full ? 255 : static_cast<uint8_t>(random());
        }
        for (float& value : scale) value = static_cast<float>(random() % 7);
        for (float& value : bias) value = static_cast<float>(random() % 999);
        for (const bool is_plain : {true, false}) {
          const ScoreOf score = {.delta = 0.5F,
                                 .shift = 3,
                                 .base = -7,
                                 .scale = is_plain ? nullptr : scale.data() + 1,
                                 .bias = is_plain ? nullptr : bias.data() + 1};
          std::vector<float> out(rows + 1, 42.0F);
          std::vector<float> expected(rows + 1, 42.0F);
          run(*GetParam(), codes.data() + 1, blocks, groups, table.data() + 1,
              score, out.data());
          run(kScalarCodeKernels, codes.data() + 1, blocks, groups,
              table.data() + 1, score, expected.data());
          for (size_t i = 0; i <= rows; ++i) {
            // The sums are exact; a product and two sums round.
            ASSERT_NEAR(out[i], expected[i],
                        1e-6 * std::abs(expected[i]) + 1e-3)
                << groups << " groups, row " << i << " of " << rows;
          }
        }
      }
    }
  }
};

TEST_P(CodeKernelTest, NibblesAreLookedUpAsSpecified) {
  Compare(kNibbleGroupBytes, 64,
          [](const CodeKernels& kernels, auto... arguments) {
            kernels.nibble_sums(arguments...);
          });
}

TEST_P(CodeKernelTest, BytesAreLookedUpAsSpecified) {
  Compare(kByteGroupBytes, 256,
          [](const CodeKernels& kernels, auto... arguments) {
            kernels.byte_sums(arguments...);
          });
}

TEST_P(CodeKernelTest, ProductsOfBytesAreAddedUpAsSpecified) {
  Compare(kDotGroupBytes, 4,
          [](const CodeKernels& kernels, const uint8_t* codes, size_t blocks,
             size_t groups, const uint8_t* query, ScoreOf score, float* out) {
            kernels.byte_dots(codes, blocks, groups,
                              reinterpret_cast<const int8_t*>(query), score,
                              out);
          });
}

TEST(ScalarCodeKernelTest, RowsAndSubCodesLieWhereTheHeaderSays) {
  // Row 17's sub-code 2 is 5, all else 0; the table says 100 for it.
  std::vector<uint8_t> nibbles(kNibbleGroupBytes);
  nibbles[4 * 1 + 2] = 0x50;
  std::vector<uint8_t> table(64);
  table[2 * 16 + 5] = 100;
  std::vector<float> out(kScanRows);
  kScalarCodeKernels.nibble_sums(nibbles.data(), 1, 1, table.data(), {},
                                 out.data());
  for (size_t r = 0; r < kScanRows; ++r) {
    EXPECT_EQ(out[r], r == 17 ? 100 : 0);
  }
  // Value 3 of row 9 is 200, the query's -2.
  std::vector<uint8_t> values(kDotGroupBytes);
  values[4 * 9 + 3] = 200;
  const int8_t query[] = {1, 1, 1, -2};
  kScalarCodeKernels.byte_dots(values.data(), 1, 1, query, {}, out.data());
  for (size_t r = 0; r < kScanRows; ++r) {
    EXPECT_EQ(out[r], r == 9 ? -400 : 0);
  }
}

std::vector<const CodeKernels*> AllSupported() {
  size_t count = 0;
  const CodeKernels* const* tables = SupportedCodeKernels(&count);
  return {tables, tables + count};
}

INSTANTIATE_TEST_SUITE_P(Levels, CodeKernelTest,
                         testing::ValuesIn(AllSupported()),
                         [](const auto& param) {
                           return std::string(param.param->name);
                         });

}  // namespace
}  // namespace elanus::simd

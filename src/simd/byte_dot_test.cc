#include "simd/byte_dot.h"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace elanus::simd {
namespace {

constexpr size_t kDims[] = {1,  3,  7,  8,   9,   15,  16,  17,  31,  32,  33,
                            63, 64, 65, 100, 127, 128, 129, 384, 768, 1536};
constexpr size_t kRows = 23;

class ByteKernelTest : public testing::TestWithParam<const ByteDotKernels*> {};

// Sums of whole numbers have no tolerance. Rows start at odd addresses, lie
// one byte apart, and that byte would change the sum if it was read.
TEST_P(ByteKernelTest, EqualsTheSpecificationAtEveryTailAndCount) {
  const std::vector<uint32_t> ids = {5, 22, 0, 5, 17, 3, 1, 9, 21, 2, 4};
  std::mt19937 random(1);
  for (const size_t dim : kDims) {
    std::vector<uint8_t> data(1 + kRows * (dim + 1));
    for (uint8_t& byte : data) byte = static_cast<uint8_t>(random());
    std::vector<int8_t> query(1 + dim + 1);
    for (int8_t& byte : query) byte = static_cast<int8_t>(random());
    const ByteTable table = {data.data() + 1, dim + 1};
    for (size_t count = 0; count <= ids.size(); ++count) {
      std::vector<int32_t> out(count + 1, 42);
      std::vector<int32_t> expected(count + 1, 42);
      GetParam()->rows(query.data() + 1, table, ids.data(), count, dim,
                       out.data());
      kScalarByteKernels.rows(query.data() + 1, table, ids.data(), count, dim,
                              expected.data());
      EXPECT_EQ(out, expected) << "dim " << dim << ", " << count << " rows";
    }
  }
}

TEST_P(ByteKernelTest, TheLargestSumsDoNotSaturate) {
  constexpr size_t kDim = 65536;
  const std::vector<uint8_t> rows(4 * kDim, 255);
  const std::vector<uint32_t> ids = {0, 1, 2, 3};
  for (const int value : {-128, 127}) {
    const std::vector<int8_t> query(kDim, static_cast<int8_t>(value));
    std::vector<int32_t> out(4);
    GetParam()->rows(query.data(), {rows.data(), kDim}, ids.data(), 4, kDim,
                     out.data());
    EXPECT_EQ(out, std::vector<int32_t>(4, 65536 * 255 * value));
  }
}

std::vector<const ByteDotKernels*> AllSupported() {
  size_t count = 0;
  const ByteDotKernels* const* tables = SupportedByteKernels(&count);
  return {tables, tables + count};
}

INSTANTIATE_TEST_SUITE_P(Levels, ByteKernelTest,
                         testing::ValuesIn(AllSupported()),
                         [](const auto& param) {
                           return std::string(param.param->name);
                         });

TEST(ByteKernelChoiceTest, TheBestLevelIsChosenAndScalarIsAlwaysThere) {
  const auto all = AllSupported();
  EXPECT_EQ(&ByteKernels(), all.front());
  EXPECT_EQ(all.back(), &kScalarByteKernels);
}

}  // namespace
}  // namespace elanus::simd

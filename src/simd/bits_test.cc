#include "simd/bits.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace elanus::simd {
namespace {

constexpr std::size_t kRows = 5;

class BitsTest : public testing::TestWithParam<const BitKernels*> {};

TEST_P(BitsTest, CountsAgreeWithTheReferenceAtEveryLengthAndAlignment) {
  std::mt19937 random(1);
  for (const std::size_t bytes :
       {1, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 96, 100, 128, 192}) {
    // Rows are one byte behind an aligned address.
    std::vector<std::uint8_t> data(1 + (kRows + 1) * bytes);
    for (std::uint8_t& byte : data) byte = static_cast<std::uint8_t>(random());
    const std::uint8_t* query = data.data() + 1;
    const std::uint8_t* rows = query + bytes;
    std::vector<std::uint32_t> want(kRows + 1, 42);
    std::vector<std::uint32_t> got = want;
    kScalarBits.differing(query, rows, bytes, kRows, want.data());
    GetParam()->differing(query, rows, bytes, kRows, got.data());
    EXPECT_EQ(got, want) << bytes;
    std::vector<std::uint32_t> want_both(kRows + 1, 42);
    std::vector<std::uint32_t> want_either = want_both;
    std::vector<std::uint32_t> both = want_both;
    std::vector<std::uint32_t> either = want_both;
    kScalarBits.shared(query, rows, bytes, kRows, want_both.data(),
                       want_either.data());
    GetParam()->shared(query, rows, bytes, kRows, both.data(), either.data());
    EXPECT_EQ(both, want_both) << bytes;
    EXPECT_EQ(either, want_either) << bytes;
  }
}

TEST_P(BitsTest, SetBitsOfWordsAgreeWithTheReferenceAtEveryLength) {
  std::mt19937_64 random(2);
  std::vector<std::uint64_t> words(70);
  for (std::uint64_t& word : words) word = random();
  for (std::size_t count = 0; count <= words.size(); ++count) {
    EXPECT_EQ(GetParam()->set(words.data(), count),
              kScalarBits.set(words.data(), count))
        << count;
  }
  const std::uint64_t known[] = {0, ~std::uint64_t{0}, 0b1011};
  EXPECT_EQ(GetParam()->set(known, 3), 67U);
}

TEST_P(BitsTest, KnownBytesHaveKnownCounts) {
  const std::uint8_t query[] = {0b11110000, 0xFF};
  const std::uint8_t rows[] = {0b10100101, 0x00, 0b11110000, 0xFF};
  std::uint32_t differing[2];
  std::uint32_t both[2];
  std::uint32_t either[2];
  GetParam()->differing(query, rows, 2, 2, differing);
  GetParam()->shared(query, rows, 2, 2, both, either);
  EXPECT_EQ(differing[0], 12U);
  EXPECT_EQ(differing[1], 0U);
  EXPECT_EQ(both[0], 2U);
  EXPECT_EQ(either[0], 14U);
  EXPECT_EQ(both[1], 12U);
  EXPECT_EQ(either[1], 12U);
}

std::vector<const BitKernels*> AllSupported() {
  std::size_t count = 0;
  const BitKernels* const* tables = SupportedBits(&count);
  return {tables, tables + count};
}

INSTANTIATE_TEST_SUITE_P(Levels, BitsTest, testing::ValuesIn(AllSupported()),
                         [](const auto& param) {
                           return std::string(param.param->name);
                         });

}  // namespace
}  // namespace elanus::simd

#include "simd/narrow.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace elanus::simd {
namespace {

constexpr std::size_t kCounts[] = {0,  1,   3,   7,   8,   9,   15,
                                   16, 17,  31,  32,  33,  63,  64,
                                   65, 100, 128, 384, 768, 1536};

// A half by the definition of its bits.
float HalfByDefinition(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int fraction = bits & 1023;
  const double value = exponent == 0
                           ? std::ldexp(fraction, -24)
                           : std::ldexp(1024 + fraction, exponent - 25);
  return static_cast<float>((bits & 0x8000) != 0 ? -value : value);
}

class NarrowTest : public testing::TestWithParam<const NarrowKernels*> {};

TEST_P(NarrowTest, EveryFiniteHalfHasTheValueThatItsBitsDefine) {
  std::vector<std::uint16_t> halves;
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    if (((bits >> 10) & 31) != 31) {
      halves.push_back(static_cast<std::uint16_t>(bits));
    }
  }
  std::vector<float> decoded(halves.size());
  GetParam()->half(halves.data(), halves.size(), decoded.data());
  for (std::size_t i = 0; i < halves.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(decoded[i]),
              std::bit_cast<std::uint32_t>(HalfByDefinition(halves[i])))
        << halves[i];
  }
}

TEST_P(NarrowTest, InfinityAndNanOfAHalfStayWhatTheyAre) {
  const std::uint16_t halves[] = {0x7C00, 0xFC00, 0x7E01};
  float decoded[3];
  GetParam()->half(halves, 3, decoded);
  EXPECT_EQ(decoded[0], INFINITY);
  EXPECT_EQ(decoded[1], -INFINITY);
  EXPECT_TRUE(std::isnan(decoded[2]));
}

TEST_P(NarrowTest, EveryLengthAndAlignmentIsDecodedAndNothingBehindIt) {
  for (const std::size_t count : kCounts) {
    // One byte behind an aligned address: nothing may rely on alignment.
    std::vector<char> bytes(1 + 2 * count);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      // Never all ones in an exponent: numbers only.
      bytes[i] = static_cast<char>((i * 37) % 112);
    }
    const char* from = bytes.data() + 1;
    using Kernel = DecodeKernel NarrowKernels::*;
    for (const Kernel kernel :
         {&NarrowKernels::half, &NarrowKernels::bfloat, &NarrowKernels::int8}) {
      std::vector<float> want(count + 1, 42.0F);
      std::vector<float> got(count + 1, 42.0F);
      (kScalarNarrow.*kernel)(from, count, want.data());
      (GetParam()->*kernel)(from, count, got.data());
      EXPECT_EQ(got, want) << count;
      EXPECT_EQ(got[count], 42.0F) << "wrote beyond its output";
    }
  }
}

TEST_P(NarrowTest, ABfloatIsTheUpperHalfOfAFloat) {
  const float values[] = {1.5F, -2.0F, 0.0F, 0x1p-100F};
  std::uint16_t halves[4];
  for (int i = 0; i < 4; ++i) {
    halves[i] = static_cast<std::uint16_t>(
        std::bit_cast<std::uint32_t>(values[i]) >> 16);
  }
  float decoded[4];
  GetParam()->bfloat(halves, 4, decoded);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(decoded[i], values[i]);
}

TEST_P(NarrowTest, EveryInt8KeepsItsSign) {
  std::vector<std::int8_t> values;
  for (int value = -128; value < 128; ++value) {
    values.push_back(static_cast<std::int8_t>(value));
  }
  std::vector<float> decoded(256);
  GetParam()->int8(values.data(), 256, decoded.data());
  for (int i = 0; i < 256; ++i) {
    EXPECT_EQ(decoded[static_cast<std::size_t>(i)],
              static_cast<float>(i - 128));
  }
}

std::vector<const NarrowKernels*> AllSupported() {
  std::size_t count = 0;
  const NarrowKernels* const* tables = SupportedNarrow(&count);
  return {tables, tables + count};
}

INSTANTIATE_TEST_SUITE_P(Levels, NarrowTest, testing::ValuesIn(AllSupported()),
                         [](const auto& param) {
                           return std::string(param.param->name);
                         });

}  // namespace
}  // namespace elanus::simd

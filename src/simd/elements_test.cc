#include "simd/elements.h"

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace elanus::simd {
namespace {

constexpr std::size_t kRows = 5;

class ElementsTest : public testing::TestWithParam<const ElementKernels*> {};

// Rows whose elements often equal the query's, and as often differ in a single
// byte of them.
std::vector<std::uint8_t> NearRows(std::mt19937& random, std::size_t bytes,
                                   std::size_t width) {
  std::vector<std::uint8_t> data(1 + (kRows + 1) * bytes);
  for (std::size_t i = 1; i < 1 + bytes; ++i) {
    data[i] = static_cast<std::uint8_t>(random());
  }
  for (std::size_t i = 1 + bytes; i < data.size(); i += width) {
    const std::size_t place = (i - 1) % bytes;
    std::memcpy(data.data() + i, data.data() + 1 + place, width);
    if (random() % 2 == 0) {
      data[i + random() % width] ^=
          static_cast<std::uint8_t>(1 + random() % 255);
    }
  }
  return data;
}

TEST_P(ElementsTest, CountsAgreeWithAPlainComparisonAtEveryLength) {
  std::mt19937 random(1);
  for (const std::size_t width : {1, 2, 4, 8}) {
    for (std::size_t bytes = width; bytes <= 200; bytes += width) {
      // Rows are one byte behind an aligned address.
      const std::vector<std::uint8_t> data = NearRows(random, bytes, width);
      const std::uint8_t* const query = data.data() + 1;
      const std::uint8_t* const rows = query + bytes;
      std::vector<std::uint32_t> want(kRows, 0);
      for (std::size_t i = 0; i < kRows * bytes; i += width) {
        if (std::memcmp(query + i % bytes, rows + i, width) == 0) {
          ++want[i / bytes];
        }
      }
      std::vector<std::uint32_t> got(kRows + 1, 42);
      want.push_back(42);
      GetParam()->equal[WidthOf(width)](query, rows, bytes, kRows, got.data());
      EXPECT_EQ(got, want) << width << " " << bytes;
    }
  }
}

TEST_P(ElementsTest, AnElementIsEqualInAllItsBytesOrNot) {
  const std::uint8_t query[] = {1, 2, 3, 4, 5, 6, 7, 8};
  const std::uint8_t row[] = {1, 2, 3, 4, 5, 6, 7, 9};
  const std::uint32_t want[] = {7, 3, 1, 0};
  for (const std::size_t width : {1, 2, 4, 8}) {
    std::uint32_t equal = 42;
    GetParam()->equal[WidthOf(width)](query, row, 8, 1, &equal);
    EXPECT_EQ(equal, want[WidthOf(width)]) << width;
  }
}

std::vector<const ElementKernels*> AllSupported() {
  std::size_t count = 0;
  const ElementKernels* const* tables = SupportedElements(&count);
  return {tables, tables + count};
}

INSTANTIATE_TEST_SUITE_P(Levels, ElementsTest,
                         testing::ValuesIn(AllSupported()),
                         [](const auto& param) {
                           return std::string(param.param->name);
                         });

}  // namespace
}  // namespace elanus::simd

#include "index/vector/hnsw/placed_rows.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "index/vector/vector_index.h"

namespace elanus::index {
namespace {

constexpr std::size_t kStride = 4;
constexpr std::size_t kDim = 3;

// Row r is (r, r, r), and 99 where no row has anything.
std::vector<float> VectorsOf(const std::vector<std::uint32_t>& numbers) {
  std::vector<float> vectors(numbers.size() * kStride, 99);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    for (std::size_t d = 0; d < kDim; ++d) {
      vectors[i * kStride + d] = static_cast<float>(numbers[i]);
    }
  }
  return vectors;
}

TEST(PlacedRowsTest, VectorsAndLevelsGoWithTheirRowsWhateverTheOrder) {
  std::mt19937 random(1);
  for (const std::uint32_t rows : {0U, 1U, 2U, 5U, 64U, 1000U}) {
    std::vector<std::uint32_t> numbered(rows);
    std::iota(numbered.begin(), numbered.end(), 0U);
    for (int i = 0; i < 20; ++i) {
      std::vector<std::uint32_t> order = numbered;
      std::ranges::shuffle(order, random);
      PlacedRows placed;
      for (std::uint32_t row = 0; row < rows; ++row) {
        placed.levels.push_back(static_cast<std::uint8_t>(row % 7));
      }
      std::vector<float> vectors = VectorsOf(numbered);
      placed.PutInOrder(order, vectors.data(), kStride, kDim);
      ASSERT_EQ(vectors, VectorsOf(order));
      ASSERT_EQ(placed.numbers, order);
      for (std::uint32_t at = 0; at < rows; ++at) {
        ASSERT_EQ(placed.levels[at], order[at] % 7);
      }
    }
  }
}

TEST(PlacedRowsTest, ChainsLeadToTheSameRows) {
  PlacedRows placed = {.levels = {1, 2, 3, 4, 5},
                       .next_equal = {3, 2, kNoRow, kNoRow, kNoRow},
                       .numbers = {}};
  std::vector<float> vectors = VectorsOf({0, 1, 2, 3, 4});
  placed.PutInOrder({4, 1, 2, 0, 3}, vectors.data(), kStride, kDim);
  EXPECT_EQ(placed.next_equal,
            (std::vector<std::uint32_t>{kNoRow, 2, kNoRow, 4, kNoRow}));
}

}  // namespace
}  // namespace elanus::index

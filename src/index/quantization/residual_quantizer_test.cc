#include "index/quantization/residual_quantizer.h"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "base/executor.h"
#include "index/testing/random_vectors.h"

namespace elanus::index {
namespace {

constexpr std::size_t kDim = 16;
constexpr std::size_t kRows = 2000;

ResidualShape ShapeOf(std::size_t m, std::size_t nbits, std::size_t levels) {
  return {.product = {.dim = kDim, .m = m, .nbits = nbits}, .levels = levels};
}

std::vector<float> Train(const ResidualShape& shape,
                         const std::vector<float>& rows, std::uint64_t seed = 1,
                         const BuildOptions& build = {}) {
  const auto codebook =
      ResidualQuantizer::Train(base::OpContext(), shape, rows, seed, build);
  EXPECT_TRUE(codebook.ok()) << codebook.status();
  return *codebook;
}

double SquareOf(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += double{value} * double{value};
  return sum;
}

// The share of the rows' squares that codes leave.
double LeftOf(const ResidualShape& shape, const std::vector<float>& rows) {
  const ResidualQuantizer quantizer(shape, Train(shape, rows));
  std::vector<float> left = rows;
  std::vector<std::uint8_t> codes(rows.size() / kDim * shape.codes());
  quantizer.Encode(left, codes.data());
  return SquareOf(left) / SquareOf(rows);
}

TEST(ResidualQuantizerTest, EachLevelLeavesLess) {
  const auto rows = RandomVectors(kRows, kDim, 1);
  double before = 1;
  for (const std::size_t levels : {1, 2, 4}) {
    const double left = LeftOf(ShapeOf(4, 5, levels), rows);
    EXPECT_LT(left, 0.75 * before) << levels;
    before = left;
  }
}

TEST(ResidualQuantizerTest, OneLevelCodesAsAProductQuantiserDoes) {
  const auto rows = RandomVectors(kRows, kDim, 2);
  const ResidualShape shape = ShapeOf(4, 6, 1);
  const auto codebook = Train(shape, rows);
  std::vector<float> left = rows;
  std::vector<std::uint8_t> codes(kRows * 4);
  ResidualQuantizer(shape, codebook).Encode(left, codes.data());
  std::vector<std::uint8_t> expected(kRows * 4);
  ProductQuantizer(shape.product, codebook)
      .Encode(rows.data(), kRows, expected.data());
  EXPECT_EQ(codes, expected);
}

TEST(ResidualQuantizerTest, TablesAddUpToTheProductWithWhatTheCodesSay) {
  const auto rows = RandomVectors(300, kDim, 3);
  const auto query = RandomVectors(1, kDim, 4);
  for (const ResidualShape& shape :
       {ShapeOf(8, 8, 1), ShapeOf(2, 4, 3), ShapeOf(1, 1, 2)}) {
    const ResidualQuantizer quantizer(shape, Train(shape, rows));
    std::vector<float> left = rows;
    std::vector<std::uint8_t> codes(300 * shape.codes());
    quantizer.Encode(left, codes.data());
    std::vector<float> table(shape.codes() * ResidualQuantizer::kTableEntries);
    quantizer.DotTable(query.data(), -2.0F, table.data());
    for (std::size_t row = 0; row < 300; ++row) {
      double product = 0;
      for (std::size_t d = 0; d < kDim; ++d) {
        const std::size_t at = row * kDim + d;
        product += double{query[d]} * (double{rows[at]} - double{left[at]});
      }
      double sum = 0;
      for (std::size_t i = 0; i < shape.codes(); ++i) {
        const std::uint8_t code = codes[row * shape.codes() + i];
        ASSERT_LT(code, shape.product.entries());
        sum += double{table[i * ResidualQuantizer::kTableEntries + code]};
      }
      EXPECT_NEAR(sum, -2 * product, 1e-4);
    }
  }
}

TEST(ResidualQuantizerTest, TheSeedDecidesAndThreadsDoNot) {
  const auto rows = RandomVectors(kRows, kDim, 5);
  const ResidualShape shape = ShapeOf(2, 5, 2);
  base::ThreadPool pool({.name = "train", .threads = 3});
  const auto alone = Train(shape, rows);
  EXPECT_EQ(alone,
            Train(shape, rows, 1, {.executor = &pool, .max_threads = 4}));
  EXPECT_NE(alone, Train(shape, rows, 2));
  pool.Stop();
}

TEST(ResidualQuantizerTest, FewerRowsThanWordsAndNoneAreCoded) {
  for (const std::size_t rows : {0, 1, 5}) {
    const auto few = RandomVectors(rows, kDim, 6);
    const ResidualShape shape = ShapeOf(4, 8, 2);
    const ResidualQuantizer quantizer(shape, Train(shape, few));
    std::vector<float> left = few;
    std::vector<std::uint8_t> codes(rows * shape.codes());
    quantizer.Encode(left, codes.data());
    EXPECT_LT(SquareOf(left), 1e-6 + 1e-6 * SquareOf(few));
  }
}

}  // namespace
}  // namespace elanus::index

#include <cmath>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "index/quantization/byte_table.h"
#include "index/quantization/product_quantizer.h"
#include "index/quantization/rotation.h"
#include "index/testing/random_vectors.h"

namespace elanus::index {
namespace {

struct Trained {
  ProductShape shape;
  std::vector<float> rows;
  std::vector<float> codebook;
};

Trained Train(const ProductShape& shape, std::size_t count) {
  Trained trained = {.shape = shape,
                     .rows = RandomVectors(count, shape.padded_dim(), 1)};
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t d = shape.dim; d < shape.padded_dim(); ++d) {
      trained.rows[i * shape.padded_dim() + d] = 0;
    }
  }
  trained.codebook = *ProductQuantizer::Train(
      base::OpContext(), shape, trained.rows.data(), count, 1, {});
  EXPECT_EQ(trained.codebook.size(), shape.codebook_size());
  return trained;
}

const float* WordOf(const Trained& trained, std::size_t part,
                    std::size_t code) {
  return trained.codebook.data() +
         (part * trained.shape.entries() + code) * trained.shape.part_dim();
}

TEST(ProductQuantizerTest, EachPartGetsItsNearestWord) {
  for (const ProductShape shape :
       {ProductShape{.dim = 12, .m = 4, .nbits = 4},
        ProductShape{.dim = 11, .m = 4, .nbits = 3},
        ProductShape{.dim = 6, .m = 3, .nbits = 8}}) {
    const Trained trained = Train(shape, 500);
    const ProductQuantizer quantizer(shape, trained.codebook);
    std::vector<std::uint8_t> codes(500 * shape.m);
    quantizer.Encode(trained.rows.data(), 500, codes.data());
    for (std::size_t i = 0; i < 500 * shape.m; ++i) {
      const std::size_t part = i % shape.m;
      const float* values = trained.rows.data() +
                            i / shape.m * shape.padded_dim() +
                            part * shape.part_dim();
      ASSERT_LT(codes[i], shape.entries());
      const double chosen =
          PlainDistance(types::MetricType::kL2, values,
                        WordOf(trained, part, codes[i]), shape.part_dim());
      for (std::size_t code = 0; code < shape.entries(); ++code) {
        EXPECT_LE(chosen,
                  PlainDistance(types::MetricType::kL2, values,
                                WordOf(trained, part, code), shape.part_dim()) +
                      1e-4);
      }
    }
  }
}

TEST(ProductQuantizerTest, ATableSaysTheProductsWithAllWords) {
  const ProductShape shape = {.dim = 11, .m = 4, .nbits = 4};
  const Trained trained = Train(shape, 300);
  const ProductQuantizer quantizer(shape, trained.codebook);
  std::vector<float> table(shape.m * shape.entries());
  quantizer.DotTable(trained.rows.data(), -2.0F, table.data());
  for (std::size_t i = 0; i < table.size(); ++i) {
    const std::size_t part = i / shape.entries();
    EXPECT_NEAR(table[i],
                2 * PlainDistance(types::MetricType::kIp,
                                  trained.rows.data() + part * shape.part_dim(),
                                  WordOf(trained, part, i % shape.entries()),
                                  shape.part_dim()),
                1e-4);
  }
}

// The loss that EncodeAlong lowers.
double LossOf(const Trained& trained, const float* row, const float* direction,
              float along, const std::uint8_t* codes) {
  double square = 0;
  double product = 0;
  for (std::size_t d = 0; d < trained.shape.padded_dim(); ++d) {
    const std::size_t part = d / trained.shape.part_dim();
    const double error =
        double{row[d]} -
        double{
            WordOf(trained, part, codes[part])[d % trained.shape.part_dim()]};
    square += error * error;
    product += error * double{direction[d]};
  }
  return square + along * product * product;
}

TEST(ProductQuantizerTest, AWeightedEncodingHasTheSmallerWeightedLoss) {
  const ProductShape shape = {.dim = 16, .m = 8, .nbits = 4};
  const Trained trained = Train(shape, 400);
  const ProductQuantizer quantizer(shape, trained.codebook);
  std::vector<float> directions = RandomVectors(400, 16, 2);
  for (std::size_t i = 0; i < 400; ++i) {
    double square = 0;
    for (std::size_t d = 0; d < 16; ++d) {
      square += double{directions[i * 16 + d]} * double{directions[i * 16 + d]};
    }
    for (std::size_t d = 0; d < 16; ++d) {
      directions[i * 16 + d] /= static_cast<float>(std::sqrt(square));
    }
  }
  constexpr float kAlong = 5;
  std::vector<std::uint8_t> plain(400 * shape.m);
  std::vector<std::uint8_t> weighted(plain.size());
  quantizer.Encode(trained.rows.data(), 400, plain.data());
  quantizer.EncodeAlong(trained.rows.data(), directions.data(), kAlong, 400,
                        weighted.data());
  double sum_plain = 0;
  double sum_weighted = 0;
  for (std::size_t i = 0; i < 400; ++i) {
    const float* row = trained.rows.data() + i * 16;
    const float* direction = directions.data() + i * 16;
    const double before =
        LossOf(trained, row, direction, kAlong, &plain[i * 8]);
    const double after =
        LossOf(trained, row, direction, kAlong, &weighted[i * 8]);
    EXPECT_LE(after, before + 1e-3);
    sum_plain += before;
    sum_weighted += after;
  }
  EXPECT_LT(sum_weighted, 0.9 * sum_plain);
}

TEST(ByteTableTest, SumsOfBytesComeCloseToSumsOfFloats) {
  const auto table = RandomVectors(30, 16, 3);
  const ByteTable bytes = MakeByteTable(table, 30, 16, 16, 4);
  ASSERT_EQ(bytes.entries.size(), 32U * 16);
  for (std::size_t code = 0; code < 16; ++code) {
    double expected = 0;
    double sum = 0;
    for (std::size_t part = 0; part < 32; ++part) {
      if (part < 30) expected += double{table[part * 16 + code]};
      sum += bytes.entries[part * 16 + code];
    }
    EXPECT_NEAR(double{bytes.shift} + double{bytes.delta} * sum, expected,
                30 * double{bytes.delta} / 2 + 1e-4);
  }
  const ByteTable flat =
      MakeByteTable(std::vector<float>(32, 2.0F), 2, 16, 16, 4);
  EXPECT_EQ(flat.shift, 4.0F);
  EXPECT_EQ(flat.entries, std::vector<std::uint8_t>(64));
}

TEST(RotationTest, KeepsProductsAndSpreadsASingleValue) {
  for (const std::size_t dim : {1, 2, 3, 5, 8, 64, 100, 127, 384}) {
    const Rotation rotation(dim, 7);
    auto x = RandomVectors(1, dim, 4);
    auto y = RandomVectors(1, dim, 5);
    const double before =
        PlainDistance(types::MetricType::kIp, x.data(), y.data(), dim);
    rotation.Apply(x.data());
    rotation.Apply(y.data());
    EXPECT_NEAR(PlainDistance(types::MetricType::kIp, x.data(), y.data(), dim),
                before, 1e-3);
    if (dim < 64) continue;
    std::vector<float> one(dim);
    one[dim - 1] = 1;
    rotation.Apply(one.data());
    for (const float value : one) EXPECT_LT(std::abs(value), 0.75F);
  }
}

}  // namespace
}  // namespace elanus::index

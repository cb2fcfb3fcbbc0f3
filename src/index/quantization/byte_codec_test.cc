#include "index/quantization/byte_codec.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "base/executor.h"
#include "index/testing/random_vectors.h"
#include "simd/byte_dot.h"

namespace elanus::index {
namespace {

using types::MetricType;

struct Coded {
  std::vector<float> middle;
  std::vector<float> step;
  std::vector<std::uint8_t> codes;
  std::vector<float> terms;
};

Coded Code(MetricType metric, const std::vector<float>& rows, std::size_t dim) {
  const std::size_t count = rows.size() / dim;
  Coded coded{.middle = std::vector<float>(dim),
              .step = std::vector<float>(dim),
              .codes = std::vector<std::uint8_t>(rows.size())};
  EXPECT_TRUE(TrainByteCodec(base::OpContext(), rows.data(), dim, count,
                             coded.middle, coded.step, {})
                  .ok());
  const ByteCodec codec(metric, coded.middle, coded.step);
  for (std::size_t row = 0; row < count; ++row) {
    std::uint8_t* code = coded.codes.data() + row * dim;
    codec.Encode(rows.data() + row * dim, code);
    coded.terms.push_back(codec.Term(code));
  }
  return coded;
}

float CodedDistance(MetricType metric, const Coded& coded, const float* query,
                    std::uint32_t row, std::size_t dim) {
  ByteQuery bound;
  ByteCodec(metric, coded.middle, coded.step).Bind(query, bound);
  std::int32_t sum = 0;
  simd::ByteKernels().rows(bound.weights.data(), {coded.codes.data(), dim},
                           &row, 1, dim, &sum);
  return bound.base + bound.scale * static_cast<float>(sum) + coded.terms[row];
}

// Dimensions of different spread and place.
std::vector<float> UnevenRows(std::size_t rows, std::size_t dim) {
  std::vector<float> data = RandomVectors(rows, dim, 1);
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto d = static_cast<float>(i % dim);
    data[i] = data[i] * (1.0F + d / static_cast<float>(dim)) + d / 10.0F;
  }
  return data;
}

TEST(ByteCodecTest, DistancesAreThoseOfTheVectorsWithinTheirQuantisation) {
  constexpr std::size_t kDim = 48;
  const auto rows = UnevenRows(500, kDim);
  const auto query = UnevenRows(1, kDim);
  for (const MetricType metric : {MetricType::kL2, MetricType::kIp}) {
    const Coded coded = Code(metric, rows, kDim);
    for (std::uint32_t row = 0; row < 500; ++row) {
      const double truth =
          PlainDistance(metric, query.data(), rows.data() + row * kDim, kDim);
      // Row and query are each rounded by half a step at most, 1/255 and 1/127
      // of their spread: the errors of 48 dimensions add up like a walk.
      EXPECT_NEAR(CodedDistance(metric, coded, query.data(), row, kDim), truth,
                  2.5)
          << "of " << truth;
    }
  }
}

TEST(ByteCodecTest, TrainingIsTheSameOnManyThreadsAndStopsWhenCancelled) {
  constexpr std::size_t kDim = 20;
  const auto rows = UnevenRows(300, kDim);
  const Coded alone = Code(MetricType::kL2, rows, kDim);
  base::ThreadPool pool({.name = "train", .threads = 3});
  std::vector<float> middle(kDim);
  std::vector<float> step(kDim);
  const base::OpContext ctx;
  const auto train = [&] {
    return TrainByteCodec(ctx, rows.data(), kDim, 300, middle, step,
                          {.executor = &pool, .max_threads = 4});
  };
  ASSERT_TRUE(train().ok());
  EXPECT_EQ(middle, alone.middle);
  EXPECT_EQ(step, alone.step);
  ctx.Cancel();
  EXPECT_EQ(base::CodeOf(train()), base::ErrorCode::kCancelled);
  pool.Stop();
}

TEST(ByteCodecTest, AnEqualDimensionAndOutliersDoNoHarm) {
  constexpr std::size_t kDim = 4;
  auto rows = RandomVectors(1000, kDim, 3);
  for (std::size_t row = 0; row < 1000; ++row) rows[row * kDim] = 7.5F;
  rows[17 * kDim + 1] = 1e6F;
  const Coded coded = Code(MetricType::kL2, rows, kDim);
  const auto query = std::vector<float>{7.5F, 0.2F, -0.3F, 0.4F};
  for (std::uint32_t row = 0; row < 10; ++row) {
    EXPECT_NEAR(CodedDistance(MetricType::kL2, coded, query.data(), row, kDim),
                PlainDistance(MetricType::kL2, query.data(),
                              rows.data() + row * kDim, kDim),
                0.5);
  }
}

TEST(ByteCodecTest, WhatIsNoNumberIsCodedAllTheSame) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<float> rows = {kNan, 1, kInfinity, 2, -kInfinity, 3};
  const Coded coded = Code(MetricType::kL2, rows, 2);
  const std::vector<float> query = {kNan, kInfinity};
  CodedDistance(MetricType::kL2, coded, query.data(), 1, 2);
  EXPECT_LT(coded.codes[1], coded.codes[5]);
}

}  // namespace
}  // namespace elanus::index

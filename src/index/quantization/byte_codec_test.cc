#include "index/quantization/byte_codec.h"

#include <algorithm>
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

// Kinds of rows that are hard to code.
std::vector<float> HardRows(int kind, std::size_t rows, std::size_t dim,
                            std::uint64_t seed) {
  std::vector<float> data = RandomVectors(rows, dim, seed);
  std::mt19937_64 random(seed);
  for (std::size_t i = 0; i < data.size(); ++i) {
    switch (kind) {
      case 1:  // far from the origin
        data[i] += 1000;
        break;
      case 2:  // outliers, which are cut off
        if (random() % 100 == 0) data[i] *= 50;
        break;
      case 4:  // so small that squares vanish
        data[i] = std::ldexp(data[i], -75);
        break;
      case 3:  // rows of very different lengths
        data[i] = std::ldexp(data[i], static_cast<int>(i / dim % 30) - 15);
        break;
      default:
        break;
    }
  }
  return data;
}

// No row is ever said to be farther than it is, by more than the bounds allow.
TEST(ByteCodecTest, ErrorsBoundWhatACodedDistanceHidesOfATrueOne) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 120; ++round) {
    const std::size_t dim = 1 + random() % 70;
    const auto metric = round % 2 == 0 ? MetricType::kL2 : MetricType::kIp;
    const auto rows = HardRows(round % 5, 200, dim, random());
    const auto query = HardRows(round / 5 % 5, 1, dim, random());
    const Coded coded = Code(metric, rows, dim);
    const ByteCodec codec(metric, coded.middle, coded.step);
    ByteQuery bound;
    codec.Bind(query.data(), bound);
    double longest = 0;
    double query_length = 0;
    for (const float value : query) query_length += double{value} * value;
    query_length = std::sqrt(query_length);
    for (std::size_t row = 0; row < 200; ++row) {
      longest = std::max(longest,
                         ByteCodec::LengthOf({&coded.codes[row * dim], dim}));
    }
    const double margin = codec.ErrorOf(bound, longest);
    for (std::uint32_t row = 0; row < 200; ++row) {
      const double seen =
          CodedDistance(metric, coded, query.data(), row, dim) - margin;
      const double error =
          codec.ErrorOf(&rows[row * dim], &coded.codes[row * dim]);
      const double truth =
          PlainDistance(metric, query.data(), &rows[row * dim], dim);
      if (metric == MetricType::kIp) {
        ASSERT_LE(seen - query_length * error, truth) << "round " << round;
      } else {
        ASSERT_LE(std::sqrt(std::max(0.0, seen)) - error, std::sqrt(truth))
            << "round " << round;
      }
    }
  }
}

TEST(ByteCodecTest, NothingIsProvedOfARowThatIsNoVectorOfNumbers) {
  const std::vector<float> middle = {0, 0};
  const std::vector<float> step = {1, 1};
  const ByteCodec codec(MetricType::kL2, middle, step);
  const std::uint8_t code[] = {128, 128};
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float odd : {std::nanf(""), kInfinity, 1e30F}) {
    const float row[] = {1, odd};
    EXPECT_EQ(codec.ErrorOf(row, code), kInfinity) << odd;
  }
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

TEST(ByteCodecTest, ARowComparesByItsCodeAsByItsVector) {
  constexpr std::size_t kDim = 48;
  const auto rows = UnevenRows(200, kDim);
  for (const MetricType metric : {MetricType::kL2, MetricType::kIp}) {
    const Coded coded = Code(metric, rows, kDim);
    const ByteCodec codec(metric, coded.middle, coded.step);
    ByteQuery query;
    for (std::uint32_t one = 0; one < 20; ++one) {
      codec.BindCode(&coded.codes[one * kDim], query);
      for (std::uint32_t other = 0; other < 200; ++other) {
        std::int32_t sum = 0;
        simd::ByteKernels().rows(query.weights.data(),
                                 {coded.codes.data(), kDim}, &other, 1, kDim,
                                 &sum);
        const float distance = query.base +
                               query.scale * static_cast<float>(sum) +
                               coded.terms[other];
        const double truth =
            PlainDistance(metric, &rows[one * kDim], &rows[other * kDim], kDim);
        // As for a query, and the row is rounded as well.
        EXPECT_NEAR(distance, truth, 3.5) << "of " << truth;
      }
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

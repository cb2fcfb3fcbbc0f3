#include "index/vector/brute_force.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "index/testing/random_vectors.h"
#include "index/vector/metric_kernels.h"

namespace elanus::index {
namespace {

using types::MetricType;

constexpr MetricType kMetrics[] = {MetricType::kL2, MetricType::kIp,
                                   MetricType::kCosine};
// Kernels add in another order than the plain loops: a few ulps of sums whose
// terms are around 1.
constexpr float kTolerance = 1e-3F;

struct Answer {
  std::vector<float> distances;
  std::vector<std::uint32_t> rows;
  absl::Status status;
};

Answer Search(const VectorDataset& dataset, MetricType metric,
              const SearchQuery& query) {
  Answer answer{.distances = std::vector<float>(query.nq * query.k),
                .rows = std::vector<std::uint32_t>(query.nq * query.k)};
  answer.status =
      BruteForceSearch(base::OpContext(), dataset, metric, query,
                       {.distances = answer.distances, .rows = answer.rows});
  return answer;
}

// Cuts `vectors` into blocks of random sizes, empty ones among them.
std::vector<VectorBlock> Cut(const std::vector<float>& vectors, std::size_t dim,
                             std::mt19937& random) {
  std::vector<VectorBlock> blocks;
  const std::size_t rows = vectors.size() / dim;
  for (std::size_t at = 0; at < rows;) {
    const std::size_t size = std::min<std::size_t>(random() % 700, rows - at);
    blocks.push_back({.data = vectors.data() + at * dim, .rows = size});
    at += size;
  }
  return blocks;
}

TEST(BruteForceTest, AgreesWithThePlainSearchOverAnyCutFilterAndQueryCount) {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    const std::size_t dim = 1 + random() % 40;
    const std::size_t rows = random() % 3000;
    const std::size_t nq = 1 + random() % 20;
    const std::size_t k = 1 + random() % 30;
    const MetricType metric = kMetrics[round % 3];
    const double out_share = std::vector{0.0, 0.3, 0.95, 1.0}[random() % 4];
    const auto vectors = RandomVectors(rows, dim, random());
    const auto queries = RandomVectors(nq, dim, random());
    const auto excluded = RandomExcluded(rows, out_share, random());
    const auto blocks = Cut(vectors, dim, random);
    const Answer answer = Search(
        {.blocks = blocks, .dim = dim}, metric,
        {.queries = queries, .nq = nq, .k = k, .excluded = excluded.view()});
    ASSERT_TRUE(answer.status.ok()) << answer.status;
    for (std::size_t q = 0; q < nq; ++q) {
      const auto query = std::span(queries).subspan(q * dim, dim);
      const auto expected =
          PlainSearch(metric, vectors, query, excluded.view());
      for (std::size_t i = 0; i < k; ++i) {
        const float distance = answer.distances[q * k + i];
        const std::uint32_t row = answer.rows[q * k + i];
        if (i >= expected.size()) {
          EXPECT_EQ(row, kNoRow);
          EXPECT_EQ(distance, kNoDistance);
          continue;
        }
        EXPECT_NEAR(distance, expected[i].distance, kTolerance);
        ASSERT_LT(row, rows);
        EXPECT_FALSE(excluded.Test(row));
        EXPECT_NEAR(PlainDistance(metric, query.data(),
                                  vectors.data() + row * dim, dim),
                    distance, kTolerance);
      }
    }
  }
}

TEST(BruteForceTest, OfEqualDistancesTheSmallerRowComesFirst) {
  const std::vector<float> vectors = {1, 1, 0, 1, 1, 0, 1};
  const VectorBlock block = {.data = vectors.data(), .rows = 7};
  const std::vector<float> query = {1};
  const Answer answer =
      Search({.blocks = std::span(&block, 1), .dim = 1}, MetricType::kL2,
             {.queries = query, .nq = 1, .k = 4});
  EXPECT_EQ(answer.rows, (std::vector<std::uint32_t>{0, 1, 3, 4}));
}

TEST(BruteForceTest, GivenInverseNormsAnswerAsComputedOnes) {
  const auto vectors = RandomVectors(500, 9, 3);
  const auto query = RandomVectors(1, 9, 4);
  std::vector<float> norms;
  for (std::size_t row = 0; row < 500; ++row) {
    norms.push_back(InverseNorm(vectors.data() + row * 9, 9));
  }
  VectorBlock block = {.data = vectors.data(), .rows = 500};
  const VectorDataset dataset = {.blocks = std::span(&block, 1), .dim = 9};
  const SearchQuery search = {.queries = query, .nq = 1, .k = 20};
  const Answer computed = Search(dataset, MetricType::kCosine, search);
  block.inverse_norms = norms.data();
  const Answer given = Search(dataset, MetricType::kCosine, search);
  EXPECT_EQ(computed.rows, given.rows);
  EXPECT_EQ(computed.distances, given.distances);
}

TEST(BruteForceTest, ZeroVectorsHaveACosineOfZeroAndTinyOnesTheirDirection) {
  const std::vector<float> vectors = {0, 0, 3e-30F, 0, -2, 0};
  const VectorBlock block = {.data = vectors.data(), .rows = 3};
  const std::vector<float> query = {1e-25F, 0};
  const Answer answer =
      Search({.blocks = std::span(&block, 1), .dim = 2}, MetricType::kCosine,
             {.queries = query, .nq = 1, .k = 3});
  EXPECT_EQ(answer.rows, (std::vector<std::uint32_t>{1, 0, 2}));
  EXPECT_FLOAT_EQ(answer.distances[0], -1);
  EXPECT_EQ(answer.distances[1], 0);
  EXPECT_FLOAT_EQ(answer.distances[2], 1);
}

TEST(BruteForceTest, ValuesThatAreNoNumbersComeLastAndLoseNoRow) {
  const std::vector<float> vectors = {NAN, 1, INFINITY, 2};
  const VectorBlock block = {.data = vectors.data(), .rows = 4};
  const std::vector<float> query = {0};
  const Answer answer =
      Search({.blocks = std::span(&block, 1), .dim = 1}, MetricType::kL2,
             {.queries = query, .nq = 1, .k = 4});
  EXPECT_EQ(answer.rows, (std::vector<std::uint32_t>{1, 3, 0, 2}));
}

TEST(BruteForceTest, RangeTakesItsLowerBoundAndLeavesItsUpperOne) {
  const std::vector<float> vectors = {0, 1, 2, 3, 4};
  const VectorBlock block = {.data = vectors.data(), .rows = 5};
  const std::vector<float> query = {0};
  const auto found = BruteForceRangeSearch(
      base::OpContext(), {.blocks = std::span(&block, 1), .dim = 1},
      MetricType::kL2, {.query = query, .below = 9, .at_least = 1});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, (std::vector<Neighbor>{{1, 1}, {4, 2}}));
}

TEST(BruteForceTest, AnIteratorGivesEachRowOnceInOrder) {
  const auto vectors = RandomVectors(1000, 5, 11);
  const auto query = RandomVectors(1, 5, 12);
  const auto excluded = RandomExcluded(1000, 0.4, 13);
  const VectorBlock block = {.data = vectors.data(), .rows = 1000};
  auto iterator = BruteForceIterate(
      {.blocks = std::span(&block, 1), .dim = 5}, MetricType::kL2,
      {.query = query, .excluded = excluded.view()});
  ASSERT_TRUE(iterator.ok());
  const auto expected =
      PlainSearch(MetricType::kL2, vectors, query, excluded.view());
  std::vector<Neighbor> all;
  while (true) {
    const auto batch = (*iterator)->Next(base::OpContext(), 97);
    ASSERT_TRUE(batch.ok());
    if (batch->empty()) break;
    all.insert(all.end(), batch->begin(), batch->end());
  }
  ASSERT_EQ(all.size(), expected.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_NEAR(all[i].distance, expected[i].distance, kTolerance);
  }
}

TEST(BruteForceTest, ACancelledSearchStopsWithTheCancellation) {
  const auto vectors = RandomVectors(100, 5, 1);
  const VectorBlock block = {.data = vectors.data(), .rows = 100};
  const base::OpContext ctx;
  ctx.Cancel();
  std::vector<float> distances(1);
  std::vector<std::uint32_t> rows(1);
  const absl::Status status = BruteForceSearch(
      ctx, {.blocks = std::span(&block, 1), .dim = 5}, MetricType::kL2,
      {.queries = std::span(vectors).first(5), .nq = 1, .k = 1},
      {.distances = distances, .rows = rows});
  EXPECT_EQ(base::CodeOf(status), base::ErrorCode::kCancelled);
}

TEST(BruteForceTest, AQueryOfAnotherDimensionIsTheCallersFault) {
  const std::vector<float> vectors(10);
  const VectorBlock block = {.data = vectors.data(), .rows = 2};
  const Answer answer =
      Search({.blocks = std::span(&block, 1), .dim = 5}, MetricType::kL2,
             {.queries = std::span(vectors).first(4), .nq = 1, .k = 1});
  EXPECT_EQ(base::CodeOf(answer.status), base::ErrorCode::kParameterInvalid);
  EXPECT_EQ(base::FaultOf(answer.status), base::Fault::kCaller);
}

}  // namespace
}  // namespace elanus::index

#include "index/vector/interim/interim_lists.h"

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "index/vector/interim/interim_data_test.h"
#include "index/vector/metric_kernels.h"

namespace elanus::index {
namespace {

using types::MetricType;

std::unique_ptr<InterimLists> Trained(const Data& data, MetricType metric,
                                      std::size_t rows) {
  const VectorBlock block = data.Block(rows);
  auto index = InterimLists::Train(
      {}, metric, {.blocks = std::span(&block, 1), .dim = data.dim}, 0);
  EXPECT_TRUE(index.ok()) << index.status();
  return *std::move(index);
}

std::vector<Neighbor> Ask(const InterimLists& index, std::span<const float> one,
                          std::size_t k, InterimQuery query,
                          bool is_exact = false) {
  std::vector<float> storage;
  query.k = k;
  query.query = BindQueries(index.metric(), one, one.size(), storage).data();
  TopK best(k);
  const absl::Status status = index.Search({}, query, is_exact, best);
  EXPECT_TRUE(status.ok()) << status;
  return best.TakeSorted();
}

// With the codes of this machine, the plain ones, and none.
class InterimListsTest
    : public testing::TestWithParam<const simd::CodeScanKernels*> {
 private:
  simd::ScopedCodeScanForTest kernels_{GetParam()};
};

TEST_P(InterimListsTest, FewRowsAreFoundAsByAScanWhateverIsAddedMeanwhile) {
  std::mt19937 random(1);
  for (int round = 0; round < 30; ++round) {
    const std::size_t dim = 1 + random() % 50;
    const Data data = {RandomVectors(1 + random() % 900, dim, random()), dim};
    const MetricType metric = kMetrics[round % 3];
    const auto index = Trained(data, metric, data.rows());
    while (index->end() < data.rows()) {
      const std::size_t count =
          std::min<std::size_t>(1 + random() % 90, data.rows() - index->end());
      index->Add(data.vectors.data() + index->end() * dim, count);
      const std::size_t rows = 1 + random() % index->end();
      const auto excluded = RandomExcluded(rows, 0.3 * (round % 2), random());
      const auto query = RandomVectors(1, dim, random());
      const std::size_t k = 1 + random() % 20;
      EXPECT_EQ(Ask(*index, query, k,
                    {.end = rows,
                     .passing = rows - excluded.Count(),
                     .excluded = excluded.view()}),
                Scan(data, metric, query, rows, k, excluded.view()));
    }
  }
}

TEST_P(InterimListsTest, AskedForAllItFindsAllAmongManyLists) {
  const Data data = {Clustered(5000, 16, 2), 16};
  for (const MetricType metric : kMetrics) {
    const auto index = Trained(data, metric, data.rows());
    ASSERT_GT(index->lists(), 1U);
    index->Add(data.vectors.data(), data.rows());
    const auto queries = Clustered(20, 16, 3);
    for (std::size_t q = 0; q < 20; ++q) {
      const auto query = std::span(queries).subspan(q * 16, 16);
      EXPECT_EQ(Ask(*index, query, 10, {.end = 5000, .passing = 5000}, true),
                Scan(data, metric, query, 5000, 10, {}));
    }
  }
}

TEST_P(InterimListsTest, FindsNearlyAllOfManyRowsAlsoUnderAFilter) {
  const Data data = {Clustered(12000, 24, 4), 24};
  const auto queries = Clustered(60, 24, 5);
  for (const MetricType metric : {MetricType::kL2, MetricType::kCosine}) {
    // The centroids of the first rows serve the later ones.
    const auto index = Trained(data, metric, 5000);
    index->Add(data.vectors.data(), data.rows());
    for (const double out : {0.0, 0.8}) {
      const auto excluded = RandomExcluded(data.rows(), out, 6);
      double recall = 0;
      for (std::size_t q = 0; q < 60; ++q) {
        const auto query = std::span(queries).subspan(q * 24, 24);
        recall +=
            Share(Ask(*index, query, 10,
                      {.end = data.rows(),
                       .passing = data.rows() - excluded.Count(),
                       .excluded = excluded.view()}),
                  Scan(data, metric, query, data.rows(), 10, excluded.view()));
      }
      EXPECT_GT(recall / 60, 0.95) << out;
    }
  }
}

TEST_P(InterimListsTest, AnswersInFullWhereHitsLieInManyLists) {
  const Data data = {Clustered(5000, 8, 7), 8};
  const auto index = Trained(data, MetricType::kL2, data.rows());
  index->Add(data.vectors.data(), data.rows());
  // A promise that is not kept: only every hundredth row is in.
  types::Bitset excluded(data.rows(), true);
  for (std::size_t row = 0; row < data.rows(); row += 100) excluded.Clear(row);
  const std::vector<float> query(8);
  EXPECT_EQ(Ask(*index, query, 50,
                {.end = data.rows(),
                 .passing = data.rows(),
                 .excluded = excluded.view()})
                .size(),
            50U);
}

TEST_P(InterimListsTest, RowsWithoutANumberOrWithAHugeOneHurtNoOther) {
  Data data = {RandomVectors(400, 12, 8), 12};
  data.vectors[17 * 12 + 3] = std::numeric_limits<float>::quiet_NaN();
  data.vectors[18 * 12 + 3] = 3e19F;
  data.vectors[19 * 12] = std::numeric_limits<float>::infinity();
  for (const MetricType metric : kMetrics) {
    const auto index = Trained(data, metric, data.rows());
    index->Add(data.vectors.data(), data.rows());
    const auto query = RandomVectors(1, 12, 9);
    EXPECT_EQ(Ask(*index, query, 10, {.end = 400, .passing = 400}),
              Scan(data, metric, query, 400, 10, {}));
  }
}

INSTANTIATE_TEST_SUITE_P(Codes, InterimListsTest,
                         testing::Values(simd::CodeScan(),
                                         &simd::kScalarCodeScan, nullptr));

TEST(InterimListsThreadsTest, SearchesSeeAllThatWasAddedBeforeTheyBegan) {
  const Data data = {Clustered(6000, 8, 10), 8};
  const auto index = Trained(data, MetricType::kL2, data.rows());
  std::atomic<bool> done{false};
  const auto search = [&](std::size_t seed) {
    std::mt19937_64 random(seed);
    while (!done.load()) {
      const std::size_t rows = index->end();
      if (rows == 0) continue;
      const std::size_t row = random() % rows;
      const auto hits = Ask(*index, std::span(data.vectors).subspan(row * 8, 8),
                            3, {.end = rows, .passing = rows});
      ASSERT_FALSE(hits.empty());
      EXPECT_EQ(hits.front().row, row);
      for (const Neighbor& hit : hits) EXPECT_LT(hit.row, rows);
    }
  };
  std::thread first(search, 1);
  std::thread second(search, 2);
  for (std::size_t row = 0; row < data.rows(); row += 50) {
    index->Add(data.vectors.data() + row * 8, 50);
  }
  done = true;
  first.join();
  second.join();
}

}  // namespace
}  // namespace elanus::index

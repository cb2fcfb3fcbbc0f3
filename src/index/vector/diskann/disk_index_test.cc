#include "index/vector/diskann/disk_index.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/executor.h"
#include "index/testing/plain_recall_test.h"
#include "index/vector/registry.h"

namespace elanus::index {
namespace {

using types::MetricType;

constexpr float kTolerance = 1e-3F;
constexpr MetricType kMetrics[] = {MetricType::kL2, MetricType::kIp,
                                   MetricType::kCosine};

struct Data {
  std::vector<float> vectors;
  std::size_t dim;

  std::size_t rows() const { return vectors.size() / dim; }
};

// In two blocks, the second with room between its rows.
absl::StatusOr<std::unique_ptr<VectorIndex>> TryBuild(
    const base::OpContext& ctx, const Data& data, MetricType metric,
    const DiskParams& params, const BuildOptions& options) {
  const std::size_t first = data.rows() / 3;
  const std::size_t stride = data.dim + 3;
  std::vector<float> wide((data.rows() - first) * stride, NAN);
  for (std::size_t row = first; row < data.rows(); ++row) {
    std::copy_n(data.vectors.data() + row * data.dim, data.dim,
                wide.data() + (row - first) * stride);
  }
  const VectorBlock blocks[] = {
      {.data = data.vectors.data(), .rows = first},
      {.data = wide.data(), .rows = data.rows() - first, .stride = stride}};
  return BuildIndex(ctx,
                    {.type = IndexType::kDiskAnn,
                     .metric = metric,
                     .dim = data.dim,
                     .disk = params},
                    {.blocks = blocks, .dim = data.dim}, options);
}

std::unique_ptr<DiskAnnIndex> Build(const Data& data, MetricType metric,
                                    const DiskParams& params = {
                                        .max_degree = 24,
                                        .search_list_size = 50}) {
  auto index = TryBuild(base::OpContext(), data, metric, params, {});
  EXPECT_TRUE(index.ok()) << index.status();
  return std::unique_ptr<DiskAnnIndex>(
      static_cast<DiskAnnIndex*>(index->release()));
}

std::vector<Neighbor> Search(const VectorIndex& index,
                             std::span<const float> query, std::size_t k,
                             std::size_t search_list = 0,
                             types::BitsetView excluded = {},
                             std::size_t beam_width = 0) {
  return SearchOne(index, query, k,
                   {.search_list = search_list, .beam_width = beam_width},
                   excluded);
}

double Recall(const VectorIndex& index, const Data& data, MetricType metric,
              std::size_t search_list, types::BitsetView excluded = {}) {
  return RecallOf(index, metric, data.vectors, RandomVectors(20, data.dim, 99),
                  data.dim, {.search_list = search_list}, excluded);
}

TEST(DiskAnnIndexTest, FindsTheNearestInEveryMetric) {
  const Data data = {RandomVectors(2000, 16, 1), 16};
  for (const MetricType metric : kMetrics) {
    const auto index = Build(data, metric);
    EXPECT_GE(Recall(*index, data, metric, 64), 0.97) << types::NameOf(metric);
  }
}

TEST(DiskAnnIndexTest, ALongerListFindsMoreAndReadsMore) {
  const Data data = {RandomVectors(4000, 24, 2), 24};
  const auto index =
      Build(data, MetricType::kL2,
            {.max_degree = 24, .search_list_size = 50, .cache_budget = 0});
  const double few = Recall(*index, data, MetricType::kL2, 10);
  const std::uint64_t reads = index->reads();
  const double more = Recall(*index, data, MetricType::kL2, 120);
  EXPECT_LT(few, more);
  EXPECT_GE(more, 0.97);
  EXPECT_GE(reads, 20U * 5);
  EXPECT_GT(index->reads() - reads, 2 * reads);
  // A walk steps on nodes, which share blocks.
  EXPECT_LT(index->reads() - reads, 20U * 140);
}

// `per_cluster` rows around each of `clusters` centres, far from each other.
std::vector<float> Clusters(std::size_t clusters, std::size_t per_cluster,
                            std::size_t dim, std::uint32_t seed) {
  const auto centres = RandomVectors(clusters, dim, 98);
  auto vectors = RandomVectors(clusters * per_cluster, dim, seed);
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    vectors[i] += 8 * centres[i / dim % clusters * dim + i % dim];
  }
  return vectors;
}

TEST(DiskAnnIndexTest,
     AWalkFindsItsClusterThoughEachHasMoreRowsThanANodeLinks) {
  const Data data = {Clusters(50, 100, 32, 31), 32};
  const auto index =
      Build(data, MetricType::kL2, {.max_degree = 16, .search_list_size = 40});
  EXPECT_GE(RecallOf(*index, MetricType::kL2, data.vectors,
                     Clusters(50, 1, 32, 32), 32, {.search_list = 24}),
            0.95);
}

TEST(DiskAnnIndexTest, DistancesAreTheTrueOnes) {
  const Data data = {RandomVectors(600, 20, 3), 20};
  for (const MetricType metric : kMetrics) {
    const auto index = Build(data, metric);
    const auto query = RandomVectors(1, 20, 4);
    for (const Neighbor& hit : Search(*index, query, 50)) {
      EXPECT_NEAR(hit.distance,
                  PlainDistance(metric, query.data(),
                                data.vectors.data() + hit.row * 20, 20),
                  kTolerance);
    }
  }
}

TEST(DiskAnnIndexTest, KeepsItsRecallUnderFiltersOfAnyStrength) {
  const Data data = {RandomVectors(3000, 12, 5), 12};
  const auto index = Build(data, MetricType::kL2);
  for (const double out : {0.02, 0.3, 0.6, 0.9, 0.97}) {
    const auto excluded = RandomExcluded(data.rows(), out, 6);
    EXPECT_GE(Recall(*index, data, MetricType::kL2, 64, excluded.view()), 0.96)
        << out << " filtered out";
  }
}

TEST(DiskAnnIndexTest, WhereFewRowsPassTheAnswerIsExact) {
  const Data data = {RandomVectors(1500, 12, 7), 12};
  for (const MetricType metric : kMetrics) {
    const auto index = Build(data, metric);
    // About 45 and 4 rows.
    for (const double out : {0.97, 0.997}) {
      const auto excluded = RandomExcluded(data.rows(), out, 8);
      const auto query = RandomVectors(1, 12, 9);
      const auto truth =
          PlainSearch(metric, data.vectors, query, excluded.view());
      const auto hits =
          Search(*index, query, truth.size() + 2, 0, excluded.view());
      for (std::size_t i = 0; i < truth.size(); ++i) {
        EXPECT_EQ(hits[i].row, truth[i].row);
      }
      EXPECT_EQ(hits[truth.size()], Neighbor{});
    }
  }
}

TEST(DiskAnnIndexTest, HitsAreInDistinctAndAsManyAsPass) {
  std::mt19937 random(10);
  for (int round = 0; round < 12; ++round) {
    const std::size_t dim = 1 + random() % 24;
    const std::size_t rows = random() % 900;
    Data data = {RandomVectors(rows, dim, random()), dim};
    // Every other round has many equal rows.
    if (round % 2 == 1) {
      for (float& value : data.vectors) value = std::round(value * 0.5F);
    }
    const MetricType metric = kMetrics[round % 3];
    const auto index = Build(
        data, metric,
        {.max_degree = static_cast<std::uint32_t>(1 + random() % 30),
         .search_list_size = static_cast<std::uint32_t>(1 + random() % 60),
         .code_budget = 0.01 * static_cast<double>(1 + random() % 50),
         .cache_budget = 0.01 * static_cast<double>(random() % 80)});
    const auto excluded = RandomExcluded(
        rows, std::vector{0.0, 0.2, 0.7, 0.97, 1.0}[random() % 5], random());
    const std::size_t passing = rows - excluded.Count();
    const auto query = RandomVectors(1, dim, random());
    const std::size_t k = 1 + random() % 150;
    const auto hits = Search(*index, query, k, 0, excluded.view());
    std::set<std::uint32_t> seen;
    for (std::size_t i = 0; i < k; ++i) {
      if (i >= passing) {
        ASSERT_EQ(hits[i], Neighbor{});
        continue;
      }
      ASSERT_LT(hits[i].row, rows);
      EXPECT_FALSE(excluded.Test(hits[i].row));
      EXPECT_TRUE(seen.insert(hits[i].row).second);
      EXPECT_TRUE(i == 0 || hits[i - 1] < hits[i]);
    }
  }
}

TEST(DiskAnnIndexTest, EqualRowsShareANodeAndAreAllFoundInTheirOrder) {
  Data data = {RandomVectors(1500, 8, 11), 8};
  for (std::size_t i = 0; i < 700 * 8; ++i) data.vectors[i] = 0.5F;
  const auto index = Build(data, MetricType::kL2);
  const std::vector<float> query(8, 0.5F);
  // By a walk, and by reading all.
  for (const std::uint32_t k : {200U, 700U}) {
    const auto hits = Search(*index, query, k);
    for (std::uint32_t i = 0; i < k; ++i) {
      EXPECT_EQ(hits[i], (Neighbor{0, i}));
    }
  }
  const auto less = Build({RandomVectors(1500, 8, 11), 8}, MetricType::kL2);
  EXPECT_LT(index->resident_bytes(), less->resident_bytes());
}

TEST(DiskAnnIndexTest, AnEmptyIndexAnswersWithMissingHits) {
  const auto index = Build({{}, 8}, MetricType::kIp);
  const std::vector<float> query(8, 1.0F);
  EXPECT_EQ(index->size(), 0U);
  EXPECT_EQ(Search(*index, query, 3), std::vector<Neighbor>(3));
  const auto range = index->RangeSearch(base::OpContext(), {.query = query});
  ASSERT_TRUE(range.ok());
  EXPECT_TRUE(range->empty());
  const auto iterator = index->Iterate({.query = query});
  ASSERT_TRUE(iterator.ok());
  EXPECT_TRUE((*iterator)->Next(base::OpContext(), 5)->empty());
}

TEST(DiskAnnIndexTest, ARangeHasNearlyAllRowsInsideAndNoneOutside) {
  const Data data = {RandomVectors(2500, 8, 12), 8};
  for (const MetricType metric : kMetrics) {
    const auto index = Build(data, metric);
    const auto query = RandomVectors(1, 8, 13);
    const auto excluded = RandomExcluded(data.rows(), 0.2, 14);
    const auto truth =
        PlainSearch(metric, data.vectors, query, excluded.view());
    // One that a walk answers and one that is read as a whole.
    for (const std::size_t end : {std::size_t{150}, std::size_t{1500}}) {
      const float below = truth[end].distance;
      const float at_least = truth[100].distance;
      const auto found =
          index->RangeSearch(base::OpContext(), {.query = query,
                                                 .below = below,
                                                 .at_least = at_least,
                                                 .excluded = excluded.view()});
      ASSERT_TRUE(found.ok()) << found.status();
      std::set<std::uint32_t> right;
      for (std::size_t i = 99; i <= end; ++i) right.insert(truth[i].row);
      for (std::size_t i = 0; i < found->size(); ++i) {
        EXPECT_TRUE(i == 0 || (*found)[i - 1] < (*found)[i]);
        EXPECT_TRUE(right.contains((*found)[i].row));
      }
      EXPECT_GE(found->size(), 0.95 * static_cast<double>(end - 100));
    }
    const auto three =
        index->RangeSearch(base::OpContext(), {.query = query, .limit = 3});
    ASSERT_TRUE(three.ok());
    EXPECT_EQ(three->size(), 3U);
  }
}

TEST(DiskAnnIndexTest, AnIteratorGivesEveryRowThatPassesOnceNearOnesFirst) {
  const Data data = {RandomVectors(2000, 16, 15), 16};
  const auto index = Build(data, MetricType::kCosine);
  const auto query = RandomVectors(1, 16, 16);
  std::vector<Neighbor> given;
  std::unique_ptr<VectorIterator> iterator;
  const auto truth = [&] {
    // The bits may go when Next has returned once.
    const auto excluded = RandomExcluded(2000, 0.5, 17);
    iterator = std::move(
        *index->Iterate({.query = query, .excluded = excluded.view()}));
    given = *iterator->Next(base::OpContext(), 50);
    return PlainSearch(MetricType::kCosine, data.vectors, query,
                       excluded.view());
  }();
  std::size_t near = 0;
  for (const Neighbor& hit : given) {
    near += hit.distance <= truth[49].distance + kTolerance ? 1 : 0;
  }
  EXPECT_GE(near, 47U);
  for (;;) {
    const auto batch = iterator->Next(base::OpContext(), 77);
    ASSERT_TRUE(batch.ok());
    given.insert(given.end(), batch->begin(), batch->end());
    if (batch->size() < 77) break;
  }
  std::set<std::uint32_t> seen;
  std::set<std::uint32_t> expected;
  for (const Neighbor& hit : given) EXPECT_TRUE(seen.insert(hit.row).second);
  for (const Neighbor& hit : truth) expected.insert(hit.row);
  EXPECT_EQ(seen, expected);
}

TEST(DiskAnnIndexTest, BudgetsBoundWhatStaysInMemory) {
  const Data data = {RandomVectors(1500, 64, 20), 64};
  const double raw = 1500 * 64 * 4;
  // Codewords do not grow with the rows; a row's number is no part of either.
  const double besides = 2.0 * 64 * 256 * 4 + 1500 * 4;
  const auto bytes = [&](double codes, double cache) {
    return static_cast<double>(Build(data, MetricType::kL2,
                                     {.max_degree = 16,
                                      .search_list_size = 20,
                                      .code_budget = codes,
                                      .cache_budget = cache})
                                   ->resident_bytes());
  };
  EXPECT_LE(bytes(0.05, 0), 0.05 * raw + besides);
  EXPECT_LE(bytes(0.1, 0.02), 0.12 * raw + besides);
  EXPECT_GE(bytes(0.1, 0.5), bytes(0.1, 0) + 0.4 * raw);
}

TEST(DiskAnnIndexTest, ACacheSavesReadsAndCostsNoRecall) {
  const Data data = {RandomVectors(2500, 16, 21), 16};
  const DiskParams without = {
      .max_degree = 24, .search_list_size = 40, .cache_budget = 0};
  DiskParams with = without;
  with.cache_budget = 0.8;
  const auto cold = Build(data, MetricType::kL2, without);
  const auto warm = Build(data, MetricType::kL2, with);
  EXPECT_GE(Recall(*cold, data, MetricType::kL2, 200), 0.98);
  EXPECT_GE(Recall(*warm, data, MetricType::kL2, 200), 0.98);
  EXPECT_LT(warm->reads(), 0.9 * static_cast<double>(cold->reads()));
}

TEST(DiskAnnIndexTest, ARowMayBeLargerThanABlock) {
  const Data data = {RandomVectors(200, 1200, 22), 1200};
  const auto index = Build(data, MetricType::kIp);
  // By a walk, though rows have no near ones at all, and by reading all.
  EXPECT_GE(Recall(*index, data, MetricType::kIp, 49), 0.4);
  EXPECT_EQ(Recall(*index, data, MetricType::kIp, 50), 1);
}

TEST(DiskAnnIndexTest, OneSeedAndOneThreadGiveTheSameFile) {
  const Data data = {RandomVectors(1100, 8, 23), 8};
  const auto bytes = [&](std::uint64_t seed) {
    const auto index =
        TryBuild(base::OpContext(), data, MetricType::kL2,
                 {.max_degree = 16, .search_list_size = 30}, {.seed = seed});
    return std::string((*(*index)->Save())[0].bytes.view());
  };
  EXPECT_EQ(bytes(5), bytes(5));
  EXPECT_NE(bytes(5), bytes(6));
}

TEST(DiskAnnIndexTest, SeveralThreadsBuildAndSearchAtOnce) {
  const Data data = {RandomVectors(3000, 12, 24), 12};
  base::ThreadPool pool({.name = "disk", .threads = 4});
  const auto index = TryBuild(base::OpContext(), data, MetricType::kL2,
                              {.max_degree = 24, .search_list_size = 50},
                              {.executor = &pool, .max_threads = 4});
  ASSERT_TRUE(index.ok()) << index.status();
  EXPECT_GE(Recall(**index, data, MetricType::kL2, 64), 0.97);
  const auto queries = RandomVectors(32, 12, 25);
  std::vector<std::vector<Neighbor>> expected;
  for (std::size_t q = 0; q < 32; ++q) {
    expected.push_back(
        Search(**index, std::span(queries).subspan(q * 12, 12), 10));
  }
  for (std::size_t q = 0; q < 32; ++q) {
    pool.Submit([&, q] {
      EXPECT_EQ(Search(**index, std::span(queries).subspan(q * 12, 12), 10),
                expected[q]);
    });
  }
  pool.Stop();
}

TEST(DiskAnnIndexTest, ACancelledBuildOrSearchStops) {
  const Data data = {RandomVectors(1200, 8, 26), 8};
  const auto index = Build(data, MetricType::kL2);
  const base::OpContext ctx;
  ctx.Cancel();
  EXPECT_EQ(base::CodeOf(TryBuild(ctx, data, MetricType::kL2, {}, {}).status()),
            base::ErrorCode::kCancelled);
  const auto iterator =
      index->Iterate({.query = std::span(data.vectors).first(8)});
  EXPECT_EQ(base::CodeOf((*iterator)->Next(ctx, 1).status()),
            base::ErrorCode::kCancelled);
}

TEST(DiskAnnIndexTest, AListShorterThanKIsRefused) {
  const Data data = {RandomVectors(100, 8, 27), 8};
  const auto index = Build(data, MetricType::kL2);
  std::vector<float> distances(10);
  std::vector<std::uint32_t> rows(10);
  const absl::Status status =
      index->Search(base::OpContext(),
                    {.queries = std::span(data.vectors).first(8),
                     .nq = 1,
                     .k = 10,
                     .params = {.search_list = 9}},
                    {.distances = distances, .rows = rows});
  EXPECT_EQ(base::CodeOf(status), base::ErrorCode::kParameterInvalid);
  EXPECT_EQ(base::MessageOf(status),
            "search_list_size(9) should be larger than k(10)");
}

}  // namespace
}  // namespace elanus::index

// HNSW_PQ and HNSW_PRQ, against a plain search of all rows.
#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/executor.h"
#include "index/testing/index_files_test.h"
#include "index/testing/plain_recall_test.h"
#include "index/vector/hnsw/hnsw_index.h"
#include "index/vector/registry.h"

namespace elanus::index {
namespace {

using types::MetricType;

constexpr MetricType kMetrics[] = {MetricType::kL2, MetricType::kIp,
                                   MetricType::kCosine};

struct Member {
  std::string name;  // of the test
  ProductParams params;
  float refine_k = 1;
  double recall = 0;
  // How far an answered distance may be from the true one.
  double tolerance = 0;

  IndexType type() const {
    return params.levels == 1 ? IndexType::kHnswPq : IndexType::kHnswPrq;
  }
};

void PrintTo(const Member& member, std::ostream* out) { *out << member.name; }

absl::StatusOr<std::unique_ptr<VectorIndex>> TryBuild(
    const Member& member, const std::vector<float>& vectors, std::size_t dim,
    MetricType metric, const BuildOptions& options = {},
    const base::OpContext& ctx = base::OpContext()) {
  const std::size_t rows = vectors.size() / dim;
  const VectorBlock blocks[] = {
      {.data = vectors.data(), .rows = rows / 3},
      {.data = vectors.data() + rows / 3 * dim, .rows = rows - rows / 3}};
  return BuildIndex(ctx,
                    {.type = member.type(),
                     .metric = metric,
                     .dim = dim,
                     .hnsw = {.m = 8, .ef_construction = 60},
                     .product = member.params},
                    {.blocks = blocks, .dim = dim}, options);
}

std::unique_ptr<VectorIndex> Build(const Member& member,
                                   const std::vector<float>& vectors,
                                   std::size_t dim, MetricType metric,
                                   const BuildOptions& options = {}) {
  auto index = TryBuild(member, vectors, dim, metric, options);
  EXPECT_TRUE(index.ok()) << index.status();
  return *std::move(index);
}

// Around common centres, as real ones are; the lists of a graph stay apart.
std::vector<float> Clustered(std::size_t rows, std::size_t dim,
                             std::uint64_t seed) {
  const auto centres = RandomVectors(20, dim, 1);
  auto vectors = RandomVectors(rows, dim, seed);
  std::mt19937_64 random(seed);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t centre = random() % 20;
    for (std::size_t d = 0; d < dim; ++d) {
      vectors[row * dim + d] += centres[centre * dim + d];
    }
  }
  return vectors;
}

class HnswProductTest : public testing::TestWithParam<Member> {
 protected:
  const Member& member() const { return GetParam(); }
  SearchParams WithEf(std::size_t ef) const {
    return {.ef = ef, .refine_k = member().refine_k};
  }
};

TEST_P(HnswProductTest, FindsWhatItPromisesInEveryMetric) {
  constexpr std::size_t kDim = 16;
  const auto vectors = Clustered(4000, kDim, 2);
  const auto queries = Clustered(30, kDim, 3);
  for (const MetricType metric : kMetrics) {
    const auto index = Build(member(), vectors, kDim, metric);
    EXPECT_GE(RecallOf(*index, metric, vectors, queries, kDim, WithEf(150)),
              member().recall)
        << types::NameOf(metric);
  }
}

TEST_P(HnswProductTest, KeepsItsRecallUnderFiltersOfAnyStrength) {
  constexpr std::size_t kDim = 16;
  const auto vectors = Clustered(4000, kDim, 2);
  const auto queries = Clustered(20, kDim, 4);
  const auto index = Build(member(), vectors, kDim, MetricType::kL2);
  for (const double out : {0.1, 0.5, 0.9, 0.995}) {
    const auto excluded = RandomExcluded(4000, out, 5);
    EXPECT_GE(RecallOf(*index, MetricType::kL2, vectors, queries, kDim,
                       WithEf(100), excluded.view()),
              member().recall - 0.05)
        << out << " filtered out";
  }
}

TEST_P(HnswProductTest, HitsAreInDistinctAndAsManyAsPass) {
  std::mt19937 random(6);
  for (int round = 0; round < 10; ++round) {
    const std::size_t dim = 4 * (1 + random() % 5);
    const std::size_t rows = random() % 1500;
    auto vectors = RandomVectors(rows, dim, random());
    // Every other round has many equal rows.
    if (round % 2 == 1) {
      for (float& value : vectors) value = std::round(value * 0.6F);
    }
    const MetricType metric = kMetrics[round % 3];
    const auto index = Build(member(), vectors, dim, metric);
    EXPECT_EQ(index->size(), rows);
    const auto excluded = RandomExcluded(
        rows, std::vector{0.0, 0.2, 0.7, 0.97, 1.0}[random() % 5], random());
    const std::size_t passing = rows - excluded.Count();
    const auto query = RandomVectors(1, dim, random());
    const std::size_t k = 1 + random() % 60;
    const auto hits = SearchOne(*index, query, k, WithEf(k), excluded.view());
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

TEST_P(HnswProductTest, AnswersDistancesAsFineAsItHoldsRows) {
  constexpr std::size_t kDim = 16;
  const auto vectors = Clustered(2000, kDim, 7);
  const auto query = Clustered(1, kDim, 8);
  const auto index = Build(member(), vectors, kDim, MetricType::kCosine);
  const auto iterator = *index->Iterate({.query = query});
  const auto all = *iterator->Next(base::OpContext(), 3000);
  ASSERT_EQ(all.size(), 2000U);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  std::vector<float> score(2000);
  for (const Neighbor& hit : all) {
    EXPECT_NEAR(hit.distance,
                PlainDistance(MetricType::kCosine, query.data(),
                              &vectors[hit.row * kDim], kDim),
                member().tolerance);
    score[hit.row] = hit.distance;
  }
  // A search and a range score a row as the iterator does.
  for (const Neighbor& hit : SearchOne(*index, query, 30, WithEf(100))) {
    EXPECT_NEAR(hit.distance, score[hit.row], 1e-5);
  }
  const RangeQuery range = {
      .query = query, .below = all[300].distance, .at_least = all[20].distance};
  const auto found = *index->RangeSearch(base::OpContext(), range);
  EXPECT_GE(found.size(), 270U);
  for (const Neighbor& hit : found) {
    EXPECT_LT(hit.distance, range.below);
    EXPECT_GE(hit.distance, range.at_least);
    EXPECT_NEAR(hit.distance, score[hit.row], 1e-5);
  }
}

TEST_P(HnswProductTest, IdenticalRowsAndZeroVectorsAreAllFound) {
  std::vector<float> vectors(1500 * 8, 0.0F);
  for (std::size_t i = 0; i < 700 * 8; ++i) vectors[i] = 0.5F;
  for (const MetricType metric : kMetrics) {
    const auto index = Build(member(), vectors, 8, metric);
    const std::vector<float> query(8, 1.0F);
    std::set<std::uint32_t> seen;
    for (const Neighbor& hit : SearchOne(*index, query, 1500, WithEf(1500))) {
      seen.insert(hit.row);
    }
    EXPECT_EQ(seen.size(), 1500U) << types::NameOf(metric);
    EXPECT_LT(*seen.rbegin(), 1500U);
  }
}

TEST_P(HnswProductTest, ASavedIndexIsUsedInPlaceAndAnswersTheSame) {
  constexpr std::size_t kDim = 16;
  const auto vectors = Clustered(1500, kDim, 9);
  const auto queries = Clustered(10, kDim, 10);
  const auto index = Build(member(), vectors, kDim, MetricType::kL2);
  const auto files = *index->Save();
  const auto loaded = LoadIndex(files, {});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ((*loaded)->type(), member().type());
  EXPECT_EQ((*loaded)->metric(), MetricType::kL2);
  EXPECT_EQ((*loaded)->dim(), kDim);
  EXPECT_EQ((*loaded)->size(), 1500U);
  EXPECT_GE((*loaded)->memory_bytes(), files[0].bytes.size());
  EXPECT_EQ((*(*loaded)->Save())[0].bytes.bytes().data(),
            files[0].bytes.bytes().data());
  for (std::size_t at = 0; at < queries.size(); at += kDim) {
    const auto query = std::span(queries).subspan(at, kDim);
    EXPECT_EQ(SearchOne(**loaded, query, 10, WithEf(64)),
              SearchOne(*index, query, 10, WithEf(64)));
  }
}

TEST_P(HnswProductTest, OneSeedGivesTheSameBytes) {
  const auto vectors = RandomVectors(1500, 8, 11);
  const auto bytes = [&](std::uint64_t seed) {
    return BytesOf(
        *Build(member(), vectors, 8, MetricType::kIp, {.seed = seed}));
  };
  EXPECT_EQ(bytes(5), bytes(5));
  EXPECT_NE(bytes(5), bytes(6));
}

TEST_P(HnswProductTest, SeveralThreadsBuildAnIndexAsGood) {
  constexpr std::size_t kDim = 16;
  const auto vectors = Clustered(3000, kDim, 2);
  const auto queries = Clustered(20, kDim, 3);
  base::ThreadPool pool({.name = "build", .threads = 3});
  const auto index = Build(member(), vectors, kDim, MetricType::kL2,
                           {.executor = &pool, .max_threads = 4});
  EXPECT_GE(
      RecallOf(*index, MetricType::kL2, vectors, queries, kDim, WithEf(150)),
      member().recall - 0.03);
  pool.Stop();
}

TEST_P(HnswProductTest, ChangedAndMissingBytesAreFound) {
  // A codebook of 256 words is long: every byte of the rest, and some of it.
  ExpectAllDamageIsFound(
      BytesOf(*Build(member(), RandomVectors(40, 8, 12), 8, MetricType::kL2)),
      7);
}

TEST_P(HnswProductTest, UnverifiedDamageNeverLeavesTheFile) {
  const std::string good =
      BytesOf(*Build(member(), RandomVectors(200, 8, 13), 8, MetricType::kL2));
  std::mt19937 random(14);
  const auto query = RandomVectors(1, 8, 15);
  const auto excluded = RandomExcluded(200, 0.3, 16);
  for (int round = 0; round < 300; ++round) {
    const auto loaded = LoadBytes(Damaged(good, 16, random), false);
    if (!loaded.ok()) continue;
    for (const types::BitsetView out : {types::BitsetView(), excluded.view()}) {
      for (const Neighbor& hit : SearchOne(**loaded, query, 5, {}, out)) {
        EXPECT_TRUE(hit.row < 200 || hit.row == kNoRow);
      }
    }
  }
}

TEST_P(HnswProductTest, ACancelledBuildStopsAndAMisfitIsRefused) {
  const auto vectors = RandomVectors(300, 8, 17);
  const base::OpContext cancelled;
  cancelled.Cancel();
  EXPECT_EQ(base::CodeOf(
                TryBuild(member(), vectors, 8, MetricType::kL2, {}, cancelled)
                    .status()),
            base::ErrorCode::kCancelled);
  Member misfit = member();
  misfit.params.m = 3;
  EXPECT_EQ(
      base::CodeOf(TryBuild(misfit, vectors, 8, MetricType::kL2).status()),
      base::ErrorCode::kParameterInvalid);
}

INSTANTIATE_TEST_SUITE_P(
    Members, HnswProductTest,
    testing::Values(
        Member{
            .name = "Pq", .params = {.m = 4}, .recall = 0.4, .tolerance = 0.4},
        Member{.name = "PqOfFourBitsRefinedByFloats",
               .params = {.m = 4, .nbits = 4, .refine = RefineType::kFp32},
               .refine_k = 25,
               .recall = 0.9,
               .tolerance = 1e-5},
        Member{.name = "PqRefinedByHalves",
               .params = {.m = 4, .refine = RefineType::kFp16},
               .refine_k = 6,
               .recall = 0.95,
               .tolerance = 1e-3},
        Member{.name = "PqRefinedByBrainFloats",
               .params = {.m = 4, .refine = RefineType::kBf16},
               .refine_k = 6,
               .recall = 0.9,
               .tolerance = 1e-2},
        Member{.name = "Prq",
               .params = {.m = 2, .levels = 3},
               .recall = 0.5,
               .tolerance = 0.3},
        Member{.name = "PrqRefinedByBytes",
               .params = {.m = 2, .levels = 2, .refine = RefineType::kSq8},
               .refine_k = 8,
               .recall = 0.9,
               .tolerance = 2e-2}),
    [](const auto& param) { return param.param.name; });

TEST(HnswProductSizeTest, CodesInPlaceOfVectorsMakeAFileSmall) {
  constexpr std::size_t kDim = 128;
  const auto vectors = RandomVectors(2000, kDim, 18);
  const auto size = [&](const ProductParams& params) {
    return BytesOf(*Build({.name = "", .params = params}, vectors, kDim,
                          MetricType::kL2))
        .size();
  };
  const std::size_t coded = size({.m = 32});
  // Links, codes, a square; and a codebook of 256 vectors.
  EXPECT_LE(coded, 2000 * (20 * 4 + 32 + 4 + 20) + 256 * kDim * 4 + 10000);
  EXPECT_NEAR(
      static_cast<double>(size({.m = 32, .refine = RefineType::kFp16}) - coded),
      2000 * kDim * 2, 1000);
}

}  // namespace
}  // namespace elanus::index

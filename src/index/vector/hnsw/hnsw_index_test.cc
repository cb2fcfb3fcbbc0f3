#include "index/vector/hnsw/hnsw_index.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/executor.h"
#include "index/testing/plain_recall_test.h"
#include "index/vector/hnsw/duplicates.h"
#include "index/vector/hnsw/row_sketches.h"
#include "index/vector/hnsw/scratch.h"
#include "index/vector/index_file.h"
#include "index/vector/registry.h"

namespace elanus::index {
namespace {

using types::MetricType;

constexpr float kTolerance = 1e-3F;
constexpr MetricType kMetrics[] = {MetricType::kL2, MetricType::kIp,
                                   MetricType::kCosine};

struct Data {
  std::size_t dim;
  std::vector<float> vectors;
  std::vector<VectorBlock> blocks;

  VectorDataset dataset() const { return {.blocks = blocks, .dim = dim}; }
  std::size_t rows() const { return vectors.size() / dim; }
};

Data MakeData(std::vector<float> vectors, std::size_t dim) {
  Data data{.dim = dim, .vectors = std::move(vectors)};
  const std::size_t half = data.rows() / 2;
  data.blocks = {
      {.data = data.vectors.data(), .rows = half},
      {.data = data.vectors.data() + half * dim, .rows = data.rows() - half}};
  return data;
}

std::unique_ptr<VectorIndex> Build(const Data& data, MetricType metric,
                                   const BuildOptions& options = {},
                                   HnswParams params = {
                                       .m = 8, .ef_construction = 80}) {
  auto index = BuildIndex(base::OpContext(),
                          {.type = IndexType::kHnsw,
                           .metric = metric,
                           .dim = data.dim,
                           .hnsw = params},
                          data.dataset(), options);
  EXPECT_TRUE(index.ok()) << index.status();
  return std::move(*index);
}

double Recall(const VectorIndex& index, const Data& data, MetricType metric,
              std::size_t ef, types::BitsetView excluded) {
  return RecallOf(index, metric, data.vectors, RandomVectors(50, data.dim, 99),
                  data.dim, {.ef = ef}, excluded);
}

TEST(HnswIndexTest, FindsNearlyAllNeighboursInEveryMetric) {
  for (const MetricType metric :
       {MetricType::kL2, MetricType::kIp, MetricType::kCosine}) {
    const Data data = MakeData(RandomVectors(5000, 12, 1), 12);
    const auto index = Build(data, metric);
    EXPECT_GE(Recall(*index, data, metric, 64, {}), 0.95)
        << types::NameOf(metric);
  }
}

TEST(HnswIndexTest, KeepsItsRecallUnderFiltersOfAnyStrength) {
  const Data data = MakeData(RandomVectors(20000, 12, 2), 12);
  const auto index = Build(data, MetricType::kL2);
  for (const double out : {0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.9995}) {
    const auto excluded = RandomExcluded(data.rows(), out, 5);
    EXPECT_GE(Recall(*index, data, MetricType::kL2, 64, excluded.view()), 0.95)
        << out << " filtered out";
  }
}

// Ten random queries give what a plain search gives of the rows that pass.
void ExpectExact(const VectorIndex& index, const Data& data, MetricType metric,
                 const SearchParams& params, types::BitsetView excluded,
                 std::mt19937& random) {
  for (int q = 0; q < 10; ++q) {
    const auto query = RandomVectors(1, data.dim, random());
    const std::size_t k = 1 + random() % 30;
    const auto truth = PlainSearch(metric, data.vectors, query, excluded);
    const auto hits = SearchOne(index, query, k, params, excluded);
    for (std::size_t i = 0; i < k; ++i) {
      ASSERT_NE(hits[i].row, kNoRow);
      EXPECT_FALSE(excluded.Test(hits[i].row));
      const float far = truth[i].distance;
      ASSERT_NEAR(hits[i].distance, far, 1e-5F * (1 + std::abs(far)))
          << "hit " << i << " of " << k;
    }
  }
}

// What few rows pass is scanned by the codes; they must not show.
TEST(HnswIndexTest, FewSurvivorsOfAFilterAreSearchedExactly) {
  std::mt19937 random(21);
  for (int round = 0; round < 36; ++round) {
    const std::size_t dim = 1 + random() % 40;
    const MetricType metric = kMetrics[round % 3];
    auto vectors = RandomVectors(3000, dim, random());
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      if (round / 3 % 4 == 1) vectors[i] += 100;
      if (round / 3 % 4 == 2 && i % 101 == 0) vectors[i] *= 40;
      // Many equal rows.
      if (round / 3 % 4 == 3) vectors[i] = vectors[i] < 0 ? -1.0F : 1.0F;
    }
    const Data data = MakeData(std::move(vectors), dim);
    const auto index = Build(data, metric);
    const auto excluded = RandomExcluded(3000, 0.9, random());
    ASSERT_NO_FATAL_FAILURE(
        ExpectExact(*index, data, metric, {}, excluded.view(), random))
        << "round " << round;
  }
}

// So are many, by their sketches first: with one bit a dimension and with two,
// of rows far from zero, of few values, of very unlike lengths.
TEST(HnswIndexTest, ManySurvivorsOfAFilterAreFoundAsWell) {
  std::mt19937 random(22);
  for (int round = 0; round < 12; ++round) {
    const std::size_t dim = round % 2 == 0 ? 100 + random() % 40 : 230;
    const MetricType metric = kMetrics[round % 3];
    auto vectors = RandomVectors(4000, dim, random());
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      if (round / 3 == 1) vectors[i] += 100;
      if (round / 3 == 2 && i / dim % 101 == 0) vectors[i] *= 40;
      if (round / 3 == 3) vectors[i] = vectors[i] < 0 ? -1.0F : 1.0F;
    }
    const Data data = MakeData(std::move(vectors), dim);
    const auto index = Build(data, metric);
    const auto excluded = RandomExcluded(4000, 0.1, random());
    // So many candidates that a scan is cheaper, and so many rows that one by
    // sketches is.
    ASSERT_NO_FATAL_FAILURE(ExpectExact(*index, data, metric, {.ef = 2000},
                                        excluded.view(), random))
        << "round " << round;
  }
}

// Where no bound is ever known: more are wanted than there are, or every
// distance is infinite.
TEST(HnswIndexTest, AScanWithoutABoundGivesEachRowOnce) {
  constexpr std::size_t kDim = 100;
  const Data data = MakeData(RandomVectors(4000, kDim, 31), kDim);
  const auto index = Build(data, MetricType::kL2);
  const auto excluded = RandomExcluded(4000, 0.2, 32);
  const std::size_t passing = 4000 - excluded.view().Count();
  const std::vector<float> near = RandomVectors(1, kDim, 33);
  const std::vector<float> endless(kDim, 2e19F);
  for (const std::size_t k : {std::size_t{20}, passing, passing + 500}) {
    for (const auto& query : {near, endless}) {
      const auto hits =
          SearchOne(*index, query, k, {.ef = 5000}, excluded.view());
      std::set<std::uint32_t> rows;
      for (const Neighbor& hit : hits) {
        if (hit.row == kNoRow) continue;
        EXPECT_FALSE(excluded.Test(hit.row));
        EXPECT_TRUE(rows.insert(hit.row).second) << hit.row << " of " << k;
      }
      EXPECT_EQ(rows.size(), std::min(k, passing));
    }
  }
}

TEST(HnswIndexTest, ARowThatIsNoNumberDoesNotKeepOthersFromBeingFound) {
  constexpr std::size_t kDim = 64;
  auto vectors = RandomVectors(4000, kDim, 34);
  vectors[100 * kDim + 3] = std::numeric_limits<float>::quiet_NaN();
  const Data data = MakeData(std::move(vectors), kDim);
  const auto index = Build(data, MetricType::kL2);
  const auto excluded = RandomExcluded(4000, 0.1, 35);
  const std::vector<float> query(data.vectors.begin() + 200 * kDim,
                                 data.vectors.begin() + 201 * kDim);
  types::Bitset all_but(excluded.view());
  all_but.Clear(200);
  EXPECT_EQ(SearchOne(*index, query, 5, {.ef = 4000}, all_but.view())[0].row,
            200U);
}

TEST(HnswIndexTest, SketchesAreThereForUsualDimensionsAndFitTheirFile) {
  for (const std::size_t dim : {63, 64, 300}) {
    const Data data = MakeData(RandomVectors(1500, dim, 9), dim);
    const auto index = Build(data, MetricType::kCosine);
    const auto file = IndexFileReader::Open((*index->Save())[0], true);
    ASSERT_TRUE(file.ok()) << file.status();
    const auto sketches = RowSketches::Open(*file);
    ASSERT_TRUE(sketches.ok()) << sketches.status();
    EXPECT_EQ(*sketches != nullptr, dim >= 64) << dim;
  }
}

TEST(HnswIndexTest, SketchesAroundNoNumberAreDamage) {
  const Data data = MakeData(RandomVectors(1500, 64, 9), 64);
  const auto files = *Build(data, MetricType::kL2)->Save();
  std::string bytes(files[0].bytes.view());
  const auto middle =
      IndexFileReader::Open(files[0], false)
          ->Array<float>(Section::kSketchMiddle, std::size_t{64});
  ASSERT_TRUE(middle.ok()) << middle.status();
  const auto* const at = reinterpret_cast<const char*>(middle->data());
  const float wrong = std::numeric_limits<float>::infinity();
  std::memcpy(bytes.data() + (at - files[0].bytes.view().data()), &wrong,
              sizeof(wrong));
  const auto reader =
      IndexFileReader::Open({"hnsw", base::Buffer::FromString(bytes)}, false);
  ASSERT_TRUE(reader.ok()) << reader.status();
  const absl::Status opened = RowSketches::Open(*reader).status();
  EXPECT_TRUE(absl::IsDataLoss(opened)) << opened;
}

TEST(HnswIndexTest, AFilterThatEmptiesTheQuerysNeighbourhoodIsAnswered) {
  const Data data = MakeData(RandomVectors(20000, 8, 3), 8);
  const auto index = Build(data, MetricType::kL2);
  // Only the half space away from the query passes.
  std::vector<float> query(8, 0.0F);
  query[0] = 3.0F;
  types::Bitset excluded(data.rows());
  for (std::size_t row = 0; row < data.rows(); ++row) {
    if (data.vectors[row * 8] > -0.3F) excluded.Set(row);
  }
  const auto truth =
      PlainSearch(MetricType::kL2, data.vectors, query, excluded.view());
  std::size_t found = 0;
  for (const Neighbor& hit :
       SearchOne(*index, query, 10, {.ef = 64}, excluded.view())) {
    EXPECT_FALSE(excluded.Test(hit.row));
    found += hit.distance <= truth[9].distance + kTolerance ? 1U : 0U;
  }
  EXPECT_GE(found, 9U);
}

TEST(HnswIndexTest, HitsAreOrderedDistinctInAndOfTheirTrueDistance) {
  std::mt19937 random(4);
  for (int round = 0; round < 40; ++round) {
    const std::size_t dim = 1 + random() % 20;
    const std::size_t rows = random() % 3000;
    auto vectors = RandomVectors(rows, dim, random());
    // Every other round has many equal rows.
    if (round % 2 == 1) {
      for (float& value : vectors) value = std::round(value * 0.7F);
    }
    const Data data = MakeData(std::move(vectors), dim);
    const auto index =
        Build(data, MetricType::kCosine, {},
              {.m = static_cast<std::uint32_t>(2 + random() % 12),
               .ef_construction = 30});
    const auto excluded = RandomExcluded(
        rows, std::vector{0.0, 0.2, 0.5, 0.9, 1.0}[random() % 5], random());
    const std::size_t passing = rows - excluded.Count();
    const auto query = RandomVectors(1, dim, random());
    const std::size_t k = 1 + random() % 50;
    const auto hits = SearchOne(*index, query, k, {.ef = k}, excluded.view());
    std::set<std::uint32_t> seen;
    for (std::size_t i = 0; i < k; ++i) {
      if (i >= passing) {
        EXPECT_EQ(hits[i], Neighbor{});
        continue;
      }
      ASSERT_LT(hits[i].row, rows);
      EXPECT_FALSE(excluded.Test(hits[i].row));
      EXPECT_TRUE(seen.insert(hits[i].row).second);
      EXPECT_NEAR(hits[i].distance,
                  PlainDistance(MetricType::kCosine, query.data(),
                                data.vectors.data() + hits[i].row * dim, dim),
                  kTolerance);
      EXPECT_TRUE(i == 0 || hits[i - 1] < hits[i]);
    }
  }
}

TEST(HnswIndexTest, AskingForMoreThanThereIsGivesEveryRow) {
  const Data data = MakeData(RandomVectors(300, 4, 6), 4);
  const auto index = Build(data, MetricType::kL2);
  const auto hits =
      SearchOne(*index, std::span(data.vectors).first(4), 500, {.ef = 500});
  EXPECT_NE(hits[299].row, kNoRow);
  EXPECT_EQ(hits[300].row, kNoRow);
}

TEST(HnswIndexTest, AnEmptyIndexAnswersWithMissingHits) {
  const Data data = MakeData({}, 4);
  const auto index = Build(data, MetricType::kIp);
  const std::vector<float> query(4, 1.0F);
  EXPECT_EQ(index->size(), 0U);
  EXPECT_EQ(SearchOne(*index, query, 3, {.ef = 10}), std::vector<Neighbor>(3));
  const auto range = index->RangeSearch(base::OpContext(), {.query = query});
  ASSERT_TRUE(range.ok());
  EXPECT_TRUE(range->empty());
}

TEST(HnswIndexTest, DuplicatesAndZeroVectorsDoNotHideOtherRows) {
  auto vectors = RandomVectors(6000, 8, 8);
  // A third zero, a third one and the same vector.
  for (std::size_t row = 0; row < 6000; ++row) {
    for (std::size_t i = 0; i < 8; ++i) {
      if (row % 3 == 0) vectors[row * 8 + i] = 0;
      if (row % 3 == 1) vectors[row * 8 + i] = 0.5F;
    }
  }
  const Data data = MakeData(std::move(vectors), 8);
  for (const MetricType metric :
       {MetricType::kL2, MetricType::kIp, MetricType::kCosine}) {
    const auto index = Build(data, metric);
    EXPECT_GE(Recall(*index, data, metric, 64, {}), 0.95)
        << types::NameOf(metric);
  }
}

TEST(HnswIndexTest, ManyQueriesInOneCallAnswerAsOneByOne) {
  const Data data = MakeData(RandomVectors(5000, 12, 9), 12);
  const auto index = Build(data, MetricType::kL2);
  const auto queries = RandomVectors(7, 12, 10);
  std::vector<float> distances(7 * 5);
  std::vector<std::uint32_t> rows(7 * 5);
  ASSERT_TRUE(index
                  ->Search(base::OpContext(),
                           {.queries = queries, .nq = 7, .k = 5},
                           {.distances = distances, .rows = rows})
                  .ok());
  for (std::size_t q = 0; q < 7; ++q) {
    const auto hits =
        SearchOne(*index, std::span(queries).subspan(q * 12, 12), 5, {.ef = 0});
    for (std::size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(hits[i], (Neighbor{distances[q * 5 + i], rows[q * 5 + i]}));
    }
  }
}

TEST(HnswIndexTest, RangeSearchFindsNearlyAllRowsInsideAndNoneOutside) {
  const Data data = MakeData(RandomVectors(20000, 6, 11), 6);
  const auto index = Build(data, MetricType::kL2);
  const auto query = RandomVectors(1, 6, 12);
  const auto found = index->RangeSearch(
      base::OpContext(),
      {.query = query, .below = 3, .at_least = 0.5, .params = {.ef = 32}});
  ASSERT_TRUE(found.ok());
  std::size_t inside = 0;
  for (const Neighbor& row :
       PlainSearch(MetricType::kL2, data.vectors, query, {})) {
    inside += row.distance >= 0.5 && row.distance < 3 ? 1U : 0U;
  }
  ASSERT_GT(inside, 100U);
  EXPECT_GE(static_cast<double>(found->size()),
            0.95 * static_cast<double>(inside));
  for (const Neighbor& hit : *found) {
    EXPECT_GE(hit.distance, 0.5);
    EXPECT_LT(hit.distance, 3);
  }
}

// A range may end behind what a walk of this width would rank.
TEST(HnswIndexTest, ARangeOfRowsThatPassHasNoHoles) {
  constexpr std::size_t kRows = 20000;
  constexpr std::size_t kLimit = 150;
  const Data data = MakeData(RandomVectors(kRows, 16, 11), 16);
  const auto index = Build(data, MetricType::kL2);
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    const auto query = RandomVectors(1, 16, seed);
    const auto excluded = RandomExcluded(kRows, 0.3, seed);
    const auto truth =
        PlainSearch(MetricType::kL2, data.vectors, query, excluded.view());
    for (const std::size_t first : {90, 110, 130}) {
      const auto found = index->RangeSearch(base::OpContext(),
                                            {.query = query,
                                             .at_least = truth[first].distance,
                                             .limit = kLimit,
                                             .params = {.ef = 100},
                                             .excluded = excluded.view()});
      ASSERT_TRUE(found.ok());
      ASSERT_EQ(found->size(), kLimit);
      std::set<std::uint32_t> nearest;
      for (std::size_t i = first; i < first + kLimit; ++i) {
        nearest.insert(truth[i].row);
      }
      std::size_t right = 0;
      for (const Neighbor& hit : *found) right += nearest.count(hit.row);
      EXPECT_GE(right, kLimit * 9 / 10) << "from hit " << first;
    }
  }
}

TEST(HnswIndexTest, RowsThatCodesDoNotTellApartAreFoundAndLeadOut) {
  constexpr std::size_t kDim = 16;
  constexpr std::size_t kTwins = 300;
  std::vector<float> vectors = RandomVectors(20000, kDim, 21);
  const std::vector<float> one = RandomVectors(1, kDim, 22);
  const std::vector<float> noise = RandomVectors(kTwins, kDim, 23);
  for (std::size_t i = 0; i < kTwins * kDim; ++i) {
    vectors[i] = one[i % kDim] + 1e-4F * noise[i];
  }
  const Data data = MakeData(vectors, kDim);
  const auto index = Build(data, MetricType::kL2);
  for (const std::size_t k : {10, 400}) {
    const auto hits = SearchOne(*index, one, k, {.ef = 600});
    const auto truth = PlainSearch(MetricType::kL2, data.vectors, one, {});
    std::set<std::uint32_t> nearest;
    for (std::size_t i = 0; i < k; ++i) nearest.insert(truth[i].row);
    std::size_t right = 0;
    for (const Neighbor& hit : hits) right += nearest.count(hit.row);
    EXPECT_GE(right, k * 9 / 10);
  }
}

TEST(HnswIndexTest, AnIteratorReachesEveryRowThatPasses) {
  const Data data = MakeData(RandomVectors(2000, 6, 13), 6);
  const auto index = Build(data, MetricType::kCosine);
  const auto query = RandomVectors(1, 6, 14);
  const auto excluded = RandomExcluded(2000, 0.5, 15);
  const auto iterator =
      index->Iterate({.query = query, .excluded = excluded.view()});
  ASSERT_TRUE(iterator.ok());
  const auto truth =
      PlainSearch(MetricType::kCosine, data.vectors, query, excluded.view());
  const auto first = (*iterator)->Next(base::OpContext(), 100);
  const auto rest = (*iterator)->Next(base::OpContext(), 5000);
  ASSERT_TRUE(first.ok() && rest.ok());
  EXPECT_EQ(first->size(), 100U);
  ASSERT_EQ(first->size() + rest->size(), truth.size());
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_NEAR((*first)[i].distance, truth[i].distance, kTolerance);
  }
}

TEST(HnswIndexTest, ABuildByOneThreadIsTheSameEveryTime) {
  const Data data = MakeData(RandomVectors(3000, 10, 16), 10);
  const auto first = Build(data, MetricType::kL2, {.seed = 5})->Save();
  const auto again = Build(data, MetricType::kL2, {.seed = 5})->Save();
  const auto other = Build(data, MetricType::kL2, {.seed = 6})->Save();
  EXPECT_EQ((*first)[0].bytes.view(), (*again)[0].bytes.view());
  EXPECT_NE((*first)[0].bytes.view(), (*other)[0].bytes.view());
}

TEST(HnswIndexTest, ABuildBySeveralThreadsFindsAsMuch) {
  const Data data = MakeData(RandomVectors(8000, 12, 17), 12);
  base::ThreadPool pool({.name = "build", .threads = 3});
  const auto index =
      Build(data, MetricType::kL2, {.executor = &pool, .max_threads = 4});
  EXPECT_GE(Recall(*index, data, MetricType::kL2, 64, {}), 0.95);
  pool.Stop();
}

TEST(HnswIndexTest, SearchesRunBesideEachOther) {
  const Data data = MakeData(RandomVectors(4000, 12, 18), 12);
  const auto index = Build(data, MetricType::kL2);
  const auto queries = RandomVectors(64, 12, 19);
  std::vector<std::vector<Neighbor>> expected;
  for (std::size_t q = 0; q < 64; ++q) {
    expected.push_back(SearchOne(*index, std::span(queries).subspan(q * 12, 12),
                                 10, {.ef = 32}));
  }
  base::ThreadPool pool({.name = "search", .threads = 4});
  for (std::size_t q = 0; q < 64; ++q) {
    pool.Submit([&, q] {
      EXPECT_EQ(SearchOne(*index, std::span(queries).subspan(q * 12, 12), 10,
                          {.ef = 32}),
                expected[q]);
    });
  }
  pool.Stop();
}

TEST(HnswIndexTest, ACancelledBuildStops) {
  const Data data = MakeData(RandomVectors(2000, 8, 20), 8);
  const base::OpContext ctx;
  ctx.Cancel();
  const auto index = BuildIndex(
      ctx, {.type = IndexType::kHnsw, .metric = MetricType::kL2, .dim = 8},
      data.dataset(), {});
  EXPECT_EQ(base::CodeOf(index.status()), base::ErrorCode::kCancelled);
}

TEST(HnswIndexTest, AFileHasNoRoomForCodesThatDoNotServe) {
  // Of lengths so different that all short rows have one code.
  auto vectors = RandomVectors(2000, 8, 23);
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    vectors[i] = std::ldexp(vectors[i], static_cast<int>(i / 8 % 21));
  }
  const Data uneven = MakeData(std::move(vectors), 8);
  const Data even = MakeData(RandomVectors(2000, 8, 23), 8);
  const auto code_bytes = [](const VectorIndex& index) {
    const auto file = IndexFileReader::Open((*index.Save())[0], true);
    EXPECT_TRUE(file.ok()) << file.status();
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{2000 * 16}}) {
      if (file->Array<std::uint8_t>(Section::kByteCodes, bytes).ok()) {
        return bytes;
      }
    }
    return std::size_t{1};
  };

  EXPECT_EQ(code_bytes(*Build(even, MetricType::kL2)), 2000U * 16);
  const auto index = Build(uneven, MetricType::kL2);
  EXPECT_EQ(code_bytes(*index), 0U);
  const auto loaded = LoadIndex(*index->Save(), {});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_GE(Recall(**loaded, uneven, MetricType::kL2, 64, {}), 0.95);
}

TEST(HnswIndexTest, ScratchIsKeptForAsManyWalksAsTheMachineHasThreads) {
  ScratchPool<WalkScratch> pool(std::size_t{100});
  const std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::unique_ptr<WalkScratch>> taken;
  for (std::size_t i = 0; i < threads + 5; ++i) {
    taken.push_back(pool.Take());
    taken.back()->batch.push_back(7);  // a mark
  }
  for (auto& scratch : taken) pool.Give(std::move(scratch));
  std::size_t kept = 0;
  for (auto& scratch : taken) {
    scratch = pool.Take();
    kept += scratch->batch.size();
  }
  EXPECT_EQ(kept, threads);
  EXPECT_EQ(pool.max_bytes(), threads * 100 * 2);
}

TEST(HnswIndexTest, EqualRowsAreNotLookedForWhenCancelled) {
  const Data data = MakeData(RandomVectors(10, 4, 24), 4);
  const base::OpContext ctx;
  EXPECT_TRUE(ChainDuplicates(ctx, data.dataset()).ok());
  ctx.Cancel();
  EXPECT_EQ(base::CodeOf(ChainDuplicates(ctx, data.dataset()).status()),
            base::ErrorCode::kCancelled);
}

TEST(HnswIndexTest, AnHnswSqKeepsItsNameInItsFileAndItsRecall) {
  const Data data = MakeData(RandomVectors(3000, 12, 22), 12);
  const auto spec = ParseIndexSpec(
      {.type_name = "HNSW_SQ",
       .metric_name = "L2",
       .dim = 12,
       .params = {{"M", "8"}, {"efConstruction", "80"}, {"sq_type", "SQ8"}}});
  ASSERT_TRUE(spec.ok()) << spec.status();
  const auto built = BuildIndex(base::OpContext(), *spec, data.dataset(), {});
  ASSERT_TRUE(built.ok()) << built.status();
  const auto loaded = LoadIndex(*(*built)->Save(), {});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ((*loaded)->type(), IndexType::kHnswSq);
  EXPECT_GE(Recall(**loaded, data, MetricType::kL2, 64, {}), 0.95);
}

TEST(HnswIndexTest, AnEfBelowKIsRefusedByName) {
  const Data data = MakeData(RandomVectors(100, 4, 21), 4);
  const auto index = Build(data, MetricType::kL2);
  std::vector<float> distances(10);
  std::vector<std::uint32_t> rows(10);
  const absl::Status status =
      index->Search(base::OpContext(),
                    {.queries = std::span(data.vectors).first(4),
                     .nq = 1,
                     .k = 10,
                     .params = {.ef = 9}},
                    {.distances = distances, .rows = rows});
  EXPECT_EQ(base::CodeOf(status), base::ErrorCode::kParameterInvalid);
  EXPECT_EQ(base::MessageOf(status), "ef(9) should be larger than k(10)");
}

}  // namespace
}  // namespace elanus::index

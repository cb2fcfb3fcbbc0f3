#include "index/vector/ivf/ivf_index.h"

#include <cmath>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/executor.h"
#include "index/testing/plain_recall_test.h"
#include "index/vector/registry.h"
#include "simd/code_scan.h"

namespace elanus::index {
namespace {

using types::MetricType;

constexpr float kTolerance = 1e-4F;
constexpr MetricType kMetrics[] = {MetricType::kL2, MetricType::kIp,
                                   MetricType::kCosine};

// A member of the family, and what may be asked of it.
struct Member {
  std::string name;  // of the test
  IndexType type;
  IvfParams params;
  SearchParams search;
  double recall;
  // The distances it answers are the true ones.
  bool is_exact = false;
};

void PrintTo(const Member& member, std::ostream* out) { *out << member.name; }

struct Data {
  std::vector<float> vectors;
  std::size_t dim;

  std::size_t rows() const { return vectors.size() / dim; }
};

// In two blocks, the second with room between its rows.
std::unique_ptr<VectorIndex> BuildOf(const Member& member, const Data& data,
                                     MetricType metric,
                                     std::uint32_t nlist = 32,
                                     const BuildOptions& options = {}) {
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
  IndexSpec spec{.type = member.type,
                 .metric = metric,
                 .dim = data.dim,
                 .ivf = member.params};
  spec.ivf.nlist = nlist;
  auto index = BuildIndex(base::OpContext(), spec,
                          {.blocks = blocks, .dim = data.dim}, options);
  EXPECT_TRUE(index.ok()) << index.status();
  return std::move(*index);
}

class IvfIndexTest : public testing::TestWithParam<Member> {
 protected:
  const Member& member() const { return GetParam(); }

  SearchParams WithProbes(std::size_t nprobe) const {
    SearchParams params = member().search;
    params.nprobe = nprobe;
    return params;
  }

  double Recall(const VectorIndex& index, const Data& data, MetricType metric,
                std::size_t nprobe, types::BitsetView excluded = {}) const {
    return RecallOf(index, metric, data.vectors,
                    RandomVectors(20, data.dim, 99), data.dim,
                    WithProbes(nprobe), excluded);
  }
};

TEST_P(IvfIndexTest, FindsWhatItPromisesInEveryMetricWhenAllListsAreSearched) {
  const Data data = {RandomVectors(2500, 16, 1), 16};
  for (const MetricType metric : kMetrics) {
    const auto index = BuildOf(member(), data, metric);
    EXPECT_GE(Recall(*index, data, metric, 32), member().recall)
        << types::NameOf(metric);
  }
}

TEST_P(IvfIndexTest, MoreListsFindMoreAndAFewOfManyFindMost) {
  const Data data = {RandomVectors(3500, 8, 2), 8};
  const auto index = BuildOf(member(), data, MetricType::kL2, 80);
  const double few = Recall(*index, data, MetricType::kL2, 2);
  const double more = Recall(*index, data, MetricType::kL2, 30);
  EXPECT_LT(few, more);
  EXPECT_GE(more, member().recall - 0.05);
}

TEST_P(IvfIndexTest, KeepsItsRecallUnderFiltersOfAnyStrength) {
  const Data data = {RandomVectors(4000, 8, 3), 8};
  const auto index = BuildOf(member(), data, MetricType::kL2, 64);
  for (const double out : {0.05, 0.5, 0.9, 0.99, 0.999}) {
    const auto excluded = RandomExcluded(data.rows(), out, 4);
    EXPECT_GE(Recall(*index, data, MetricType::kL2, 20, excluded.view()),
              member().recall - 0.06)
        << out << " filtered out";
  }
}

TEST_P(IvfIndexTest, HitsAreInDistinctAndAsManyAsPass) {
  std::mt19937 random(5);
  for (int round = 0; round < 12; ++round) {
    const std::size_t dim = 4 * (1 + random() % 6);
    const std::size_t rows = random() % 1500;
    Data data = {RandomVectors(rows, dim, random()), dim};
    // Every other round has many equal rows.
    if (round % 2 == 1) {
      for (float& value : data.vectors) value = std::round(value * 0.6F);
    }
    const MetricType metric = kMetrics[round % 3];
    const auto index = BuildOf(member(), data, metric,
                               static_cast<std::uint32_t>(1 + random() % 40));
    const auto excluded = RandomExcluded(
        rows, std::vector{0.0, 0.2, 0.7, 0.97, 1.0}[random() % 5], random());
    const std::size_t passing = rows - excluded.Count();
    const auto query = RandomVectors(1, dim, random());
    const std::size_t k = 1 + random() % 300;
    const auto hits = SearchOne(*index, query, k, WithProbes(1 + random() % 4),
                                excluded.view());
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
      if (!member().is_exact) continue;
      EXPECT_NEAR(hits[i].distance,
                  PlainDistance(metric, query.data(),
                                data.vectors.data() + hits[i].row * dim, dim),
                  kTolerance);
    }
  }
}

TEST_P(IvfIndexTest, IdenticalRowsAndZeroVectorsAreAllFound) {
  Data data = {std::vector<float>(2000 * 8, 0.0F), 8};
  for (std::size_t i = 0; i < 1000 * 8; ++i) data.vectors[i] = 0.5F;
  for (const MetricType metric : kMetrics) {
    const auto index = BuildOf(member(), data, metric);
    const std::vector<float> query(8, 1.0F);
    const auto hits = SearchOne(*index, query, 2000, WithProbes(1));
    std::set<std::uint32_t> seen;
    for (const Neighbor& hit : hits) seen.insert(hit.row);
    EXPECT_EQ(seen.size(), 2000U) << types::NameOf(metric);
    EXPECT_LT(*seen.rbegin(), 2000U);
    // Both kinds are told apart.
    EXPECT_LT(hits[0].row, 1000U);
    EXPECT_GE(hits[1999].row, 1000U);
  }
}

TEST_P(IvfIndexTest, AnEmptyIndexAnswersWithMissingHits) {
  const auto index = BuildOf(member(), {{}, 8}, MetricType::kIp);
  const std::vector<float> query(8, 1.0F);
  EXPECT_EQ(index->size(), 0U);
  EXPECT_EQ(SearchOne(*index, query, 3, WithProbes(8)),
            std::vector<Neighbor>(3));
  const auto range = index->RangeSearch(base::OpContext(), {.query = query});
  ASSERT_TRUE(range.ok());
  EXPECT_TRUE(range->empty());
  const auto iterator = index->Iterate({.query = query});
  ASSERT_TRUE(iterator.ok());
  EXPECT_TRUE((*iterator)->Next(base::OpContext(), 5)->empty());
}

TEST_P(IvfIndexTest, ARangeHasNearlyAllRowsInsideAndNoneOutside) {
  const Data data = {RandomVectors(5000, 8, 6), 8};
  for (const MetricType metric : kMetrics) {
    const auto index = BuildOf(member(), data, metric);
    const auto query = RandomVectors(1, 8, 7);
    const auto truth = PlainSearch(metric, data.vectors, query, {});
    const float below = truth[400].distance;
    const float at_least = truth[100].distance;
    const auto found =
        index->RangeSearch(base::OpContext(), {.query = query,
                                               .below = below,
                                               .at_least = at_least,
                                               .params = WithProbes(8)});
    ASSERT_TRUE(found.ok()) << found.status();
    std::size_t right = 0;
    for (std::size_t i = 0; i < found->size(); ++i) {
      const Neighbor& hit = (*found)[i];
      EXPECT_TRUE(hit.distance < below && hit.distance >= at_least);
      EXPECT_TRUE(i == 0 || (*found)[i - 1] < hit);
      const double distance = PlainDistance(
          metric, query.data(), data.vectors.data() + hit.row * 8, 8);
      if (distance < below && distance >= at_least) ++right;
    }
    EXPECT_GE(right, 300 * (member().recall - 0.15)) << types::NameOf(metric);
    const auto three = index->RangeSearch(
        base::OpContext(),
        {.query = query, .below = below, .limit = 3, .params = WithProbes(8)});
    ASSERT_TRUE(three.ok());
    EXPECT_EQ(three->size(), 3U);
  }
}

// Clusters of 200 rows on a line, 10 from each other; a query at the first.
Data ClustersOnALine(std::size_t clusters) {
  Data data = {RandomVectors(clusters * 200, 8, 31), 8};
  for (std::size_t row = 0; row < data.rows(); ++row) {
    for (std::size_t d = 0; d < 8; ++d) {
      float& value = data.vectors[row * 8 + d];
      value = 0.1F * value +
              (d == 0 ? 10.0F * static_cast<float>(row / 200) : 0.0F);
    }
  }
  return data;
}

TEST_P(IvfIndexTest, ARingIsFoundBehindListsThatLieInsideOfIt) {
  const Data data = ClustersOnALine(6);
  const auto index = BuildOf(member(), data, MetricType::kL2, 30);
  const std::vector<float> query(8, 0.0F);

  const auto ring =
      index->RangeSearch(base::OpContext(), {.query = query,
                                             .below = 35 * 35,
                                             .at_least = 25 * 25,
                                             .params = WithProbes(1)});

  ASSERT_TRUE(ring.ok()) << ring.status();
  EXPECT_EQ(ring->size(), 200U);
  for (const Neighbor& hit : *ring) EXPECT_EQ(hit.row / 200, 3U);
}

TEST_P(IvfIndexTest, ARangeIsFoundBehindListsWhoseRowsAreAllOut) {
  const Data data = ClustersOnALine(6);
  const auto index = BuildOf(member(), data, MetricType::kL2, 30);
  const std::vector<float> query(8, 0.0F);
  types::Bitset excluded(data.rows());
  for (std::size_t row = 0; row < 3 * 200; ++row) excluded.Set(row);

  const auto found =
      index->RangeSearch(base::OpContext(), {.query = query,
                                             .below = 35 * 35,
                                             .params = WithProbes(1),
                                             .excluded = excluded.view()});

  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->size(), 200U);
}

TEST_P(IvfIndexTest, ARangeAndAnIteratorScoreARowAsASearchDoes) {
  const Data data = {RandomVectors(2000, 8, 32), 8};
  for (const MetricType metric : kMetrics) {
    const auto index = BuildOf(member(), data, metric);
    const auto query = RandomVectors(1, 8, 33);
    const auto hits = SearchOne(*index, query, 2000, WithProbes(32));
    std::vector<float> score(2000);
    for (const Neighbor& hit : hits) score[hit.row] = hit.distance;
    // Between two rows, so that rounding moves none over the border.
    const auto after = [&](std::size_t i) {
      while (hits[i + 1].distance - hits[i].distance < 2 * kTolerance) ++i;
      return std::pair((hits[i].distance + hits[i + 1].distance) / 2, i + 1);
    };
    const auto [at_least, first] = after(100);
    const auto [below, end] = after(400);
    const auto found =
        index->RangeSearch(base::OpContext(), {.query = query,
                                               .below = below,
                                               .at_least = at_least,
                                               .params = WithProbes(32)});
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->size(), end - first) << types::NameOf(metric);
    const auto iterator =
        index->Iterate({.query = query, .params = WithProbes(32)});
    auto rows = *(*iterator)->Next(base::OpContext(), 500);
    rows.insert(rows.end(), found->begin(), found->end());
    for (const Neighbor& hit : rows) {
      EXPECT_NEAR(hit.distance, score[hit.row], kTolerance)
          << types::NameOf(metric);
    }
  }
}

TEST_P(IvfIndexTest, NoSquareOfADistanceIsBelowZero) {
  // Far from 0 and near each other: differences of large squares.
  Data data = {RandomVectors(1000, 8, 34), 8};
  for (float& value : data.vectors) value = 30 + 0.01F * value;
  const auto index = BuildOf(member(), data, MetricType::kL2);
  const auto query = std::span(data.vectors).first(8);

  const auto range = index->RangeSearch(
      base::OpContext(),
      {.query = query, .at_least = 0, .params = WithProbes(32)});

  ASSERT_TRUE(range.ok());
  EXPECT_EQ(range->size(), 1000U);
  for (const Neighbor& hit : SearchOne(*index, query, 1000, WithProbes(32))) {
    EXPECT_GE(hit.distance, 0);
  }
}

TEST_P(IvfIndexTest, AnIteratorGoesOnWhereACancelledNextEnded) {
  const Data data = {RandomVectors(1500, 8, 35), 8};
  const auto index = BuildOf(member(), data, MetricType::kL2);
  const auto query = RandomVectors(1, 8, 36);
  const auto iterator =
      *index->Iterate({.query = query, .params = WithProbes(1)});
  std::set<std::uint32_t> seen;
  // Few enough to come from what was looked into, then more than that.
  for (const std::size_t count : {std::size_t{1}, std::size_t{1400}}) {
    const base::OpContext cancelled;
    if (count > 1) cancelled.Cancel();
    const auto batch = iterator->Next(cancelled, count);
    EXPECT_EQ(batch.ok(), count == 1);
    if (batch.ok()) seen.insert(batch->front().row);
  }
  const auto rest = iterator->Next(base::OpContext(), 1500);
  ASSERT_TRUE(rest.ok());
  for (const Neighbor& hit : *rest) EXPECT_TRUE(seen.insert(hit.row).second);
  EXPECT_EQ(seen.size(), 1500U);
}

TEST_P(IvfIndexTest, AnIteratorGivesEveryRowThatPassesOnceNearOnesFirst) {
  const Data data = {RandomVectors(3000, 8, 8), 8};
  const auto index = BuildOf(member(), data, MetricType::kCosine);
  const auto query = RandomVectors(1, 8, 9);
  std::set<std::uint32_t> seen;
  std::size_t near = 0;
  std::unique_ptr<VectorIterator> iterator;
  const auto truth = [&] {
    // The bits may go when Next has succeeded once.
    const auto excluded = RandomExcluded(3000, 0.5, 10);
    iterator = std::move(*index->Iterate({.query = query,
                                          .params = WithProbes(8),
                                          .excluded = excluded.view()}));
    const auto first = iterator->Next(base::OpContext(), 100);
    const auto all =
        PlainSearch(MetricType::kCosine, data.vectors, query, excluded.view());
    for (const Neighbor& hit : *first) {
      seen.insert(hit.row);
      const double distance =
          PlainDistance(MetricType::kCosine, query.data(),
                        data.vectors.data() + hit.row * 8, 8);
      if (distance <= all[150].distance) ++near;
    }
    return all;
  }();
  EXPECT_GE(near, 80U);
  for (;;) {
    const auto batch = iterator->Next(base::OpContext(), 77);
    ASSERT_TRUE(batch.ok());
    for (const Neighbor& hit : *batch) {
      EXPECT_TRUE(seen.insert(hit.row).second);
    }
    if (batch->size() < 77) break;
  }
  std::set<std::uint32_t> expected;
  for (const Neighbor& hit : truth) expected.insert(hit.row);
  EXPECT_EQ(seen, expected);
}

TEST_P(IvfIndexTest, ManyQueriesInOneCallAnswerAsOneByOne) {
  const Data data = {RandomVectors(3000, 16, 11), 16};
  const auto index = BuildOf(member(), data, MetricType::kL2);
  const auto queries = RandomVectors(70, 16, 12);
  const auto excluded = RandomExcluded(3000, 0.3, 13);
  for (const types::BitsetView out : {types::BitsetView(), excluded.view()}) {
    std::vector<float> distances(70 * 5);
    std::vector<std::uint32_t> rows(70 * 5);
    ASSERT_TRUE(index
                    ->Search(base::OpContext(),
                             {.queries = queries,
                              .nq = 70,
                              .k = 5,
                              .params = WithProbes(4),
                              .excluded = out},
                             {.distances = distances, .rows = rows})
                    .ok());
    for (std::size_t q = 0; q < 70; ++q) {
      const auto hits =
          SearchOne(*index, std::span(queries).subspan(q * 16, 16), 5,
                    WithProbes(4), out);
      for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_EQ(hits[i].row, rows[q * 5 + i]);
        EXPECT_NEAR(hits[i].distance, distances[q * 5 + i], kTolerance);
      }
    }
  }
}

TEST_P(IvfIndexTest, OneSeedGivesTheSameFileWithAnyNumberOfThreads) {
  const Data data = {RandomVectors(3000, 8, 14), 8};
  base::ThreadPool pool({.name = "build", .threads = 3});
  const auto bytes = [&](const BuildOptions& options) {
    const auto index = BuildOf(member(), data, MetricType::kL2, 32, options);
    return std::string((*index->Save())[0].bytes.view());
  };
  const std::string first = bytes({.seed = 5});
  EXPECT_EQ(first, bytes({.seed = 5}));
  EXPECT_EQ(first, bytes({.executor = &pool, .max_threads = 4, .seed = 5}));
  EXPECT_NE(first, bytes({.seed = 6}));
  pool.Stop();
}

TEST_P(IvfIndexTest, SearchesRunBesideEachOther) {
  const Data data = {RandomVectors(2000, 8, 15), 8};
  const auto index = BuildOf(member(), data, MetricType::kIp);
  const auto queries = RandomVectors(32, 8, 16);
  std::vector<std::vector<Neighbor>> expected;
  for (std::size_t q = 0; q < 32; ++q) {
    expected.push_back(SearchOne(*index, std::span(queries).subspan(q * 8, 8),
                                 10, WithProbes(8)));
  }
  base::ThreadPool pool({.name = "search", .threads = 4});
  for (std::size_t q = 0; q < 32; ++q) {
    pool.Submit([&, q] {
      EXPECT_EQ(SearchOne(*index, std::span(queries).subspan(q * 8, 8), 10,
                          WithProbes(8)),
                expected[q]);
    });
  }
  pool.Stop();
}

TEST_P(IvfIndexTest, ACancelledBuildOrSearchStops) {
  const Data data = {RandomVectors(2000, 8, 17), 8};
  const auto index = BuildOf(member(), data, MetricType::kL2);
  const base::OpContext ctx;
  ctx.Cancel();
  const VectorBlock block = {.data = data.vectors.data(), .rows = 2000};
  EXPECT_EQ(
      base::CodeOf(BuildIndex(ctx,
                              {.type = member().type,
                               .metric = MetricType::kL2,
                               .dim = 8,
                               .ivf = member().params},
                              {.blocks = std::span(&block, 1), .dim = 8}, {})
                       .status()),
      base::ErrorCode::kCancelled);
  const auto iterator =
      index->Iterate({.query = std::span(data.vectors).first(8)});
  EXPECT_EQ(base::CodeOf((*iterator)->Next(ctx, 1).status()),
            base::ErrorCode::kCancelled);
}

INSTANTIATE_TEST_SUITE_P(
    Members, IvfIndexTest,
    testing::Values(
        Member{.name = "IvfFlat",
               .type = IndexType::kIvfFlat,
               .recall = 0.999,
               .is_exact = true},
        Member{.name = "IvfSq8", .type = IndexType::kIvfSq8, .recall = 0.96},
        Member{.name = "IvfPq",
               .type = IndexType::kIvfPq,
               .params = {.m = 4, .nbits = 8},
               .recall = 0.3},
        Member{.name = "IvfPqOfSixBitsRefinedByHalves",
               .type = IndexType::kIvfPq,
               .params = {.m = 4, .nbits = 6, .refine = RefineType::kFp16},
               .search = {.refine_k = 20},
               .recall = 0.9},
        Member{.name = "IvfPqOfFourBitsRefinedBySixBits",
               .type = IndexType::kIvfPq,
               .params = {.m = 4, .nbits = 4, .refine = RefineType::kSq6},
               .search = {.refine_k = 30},
               .recall = 0.75},
        Member{.name = "ScannWithVectors",
               .type = IndexType::kScann,
               .params = {.refine = RefineType::kFp32},
               .search = {.reorder_k = 100},
               .recall = 0.95,
               .is_exact = true},
        Member{.name = "ScannWithoutVectors",
               .type = IndexType::kScann,
               .params = {.sub_dim = 3},
               .recall = 0.3},
        Member{.name = "IvfRabitqRefinedByBytes",
               .type = IndexType::kIvfRabitq,
               .params = {.refine = RefineType::kSq8},
               .search = {.refine_k = 20, .query_bits = 6},
               .recall = 0.85},
        Member{.name = "IvfRabitqRefinedByBrainFloats",
               .type = IndexType::kIvfRabitq,
               .params = {.refine = RefineType::kBf16},
               .search = {.refine_k = 20},
               .recall = 0.85}),
    [](const auto& param) { return param.param.name; });

// Whether the machine has kernels for codes or not, whatever the data: rows far
// from zero, of very unlike lengths, too long for bounds, of few values.
TEST(IvfFlatTest, CodesOfRowsDoNotShow) {
  const Member flat = {.type = IndexType::kIvfFlat};
  std::mt19937 random(31);
  for (int round = 0; round < 30; ++round) {
    const std::size_t dim = 1 + random() % 70;
    const MetricType metric = kMetrics[round % 3];
    Data data = {RandomVectors(1500, dim, random()), dim};
    for (std::size_t i = 0; i < data.vectors.size(); ++i) {
      float& value = data.vectors[i];
      if (round / 3 % 5 == 1) value += 100;
      if (round / 3 % 5 == 2 && i % 101 == 0) value *= 40;
      if (round / 3 % 5 == 3 && i % 997 == 0) value *= 1e19F;
      if (round / 3 % 5 == 4) value = value < 0 ? -1.0F : 1.0F;
    }
    const auto index = BuildOf(flat, data, metric);
    for (const double out : {0.0, 0.3, 0.6, 0.9}) {
      const auto excluded = RandomExcluded(data.rows(), out, random());
      const auto query = RandomVectors(1, dim, random());
      const std::size_t k = 1 + random() % 200;
      const SearchParams params = {.nprobe = 1 + random() % 32};
      const auto ask = [&](const simd::CodeScanKernels* kernels) {
        const simd::ScopedCodeScanForTest chosen(kernels);
        return SearchOne(*index, query, k, params, excluded.view());
      };
      const std::vector<Neighbor> plain = ask(nullptr);
      const simd::CodeScanKernels* const own = simd::CodeScan();
      for (const auto* kernels : {&simd::kScalarCodeScan, own}) {
        const std::vector<Neighbor> hits = ask(kernels);
        for (std::size_t i = 0; i < k; ++i) {
          ASSERT_EQ(hits[i].row == kNoRow, plain[i].row == kNoRow);
          if (plain[i].distance == kNoDistance) continue;
          ASSERT_NEAR(hits[i].distance, plain[i].distance,
                      kTolerance * (1 + std::abs(plain[i].distance)))
              << "round " << round << ", " << out << " out, hit " << i;
        }
      }
    }
  }
}

TEST(IvfPqTest, HalvesHoldValuesThatAreTooLargeForThemAsTheLargest) {
  Data data = {RandomVectors(500, 8, 41), 8};
  for (float& value : data.vectors) value *= 50000;
  const auto index =
      BuildOf({.name = "",
               .type = IndexType::kIvfPq,
               .params = {.m = 4, .nbits = 8, .refine = RefineType::kFp16}},
              data, MetricType::kL2, 4);
  const auto query = std::span(data.vectors).first(8);
  for (const Neighbor& hit : SearchOne(*index, query, 500, {.nprobe = 4})) {
    EXPECT_TRUE(std::isfinite(hit.distance)) << hit.row;
  }
}

TEST(IvfPqTest, MemoryHasTheCodewordsThatAreHeldBesidesTheFile) {
  const Data data = {RandomVectors(500, 8, 42), 8};
  const auto bytes = [&](const IvfParams& params) {
    const auto index =
        BuildOf({.name = "", .type = IndexType::kIvfPq, .params = params}, data,
                MetricType::kL2, 4);
    return index->memory_bytes() - (*index->Save())[0].bytes.size();
  };
  // 256 words of 8 values in place of 16, in two copies.
  EXPECT_GE(bytes({.m = 4, .nbits = 8}),
            bytes({.m = 4, .nbits = 4}) + 2 * 240 * 8 * sizeof(float));
}

// Without refinement: what a bit a dimension is worth shows with many of them.
TEST(IvfRabitqTest, BitsAloneFindMostAndFewerBitsOfTheQueryFindLess) {
  constexpr std::size_t kDim = 200;
  Data data = {RandomVectors(3000, kDim, 21), kDim};
  // Queries near rows: the nearest stand out.
  auto queries = RandomVectors(40, kDim, 22);
  for (std::size_t i = 0; i < queries.size(); ++i) {
    queries[i] = 0.6F * queries[i] + data.vectors[i];
  }
  for (const MetricType metric : kMetrics) {
    const auto index =
        BuildOf({.name = "", .type = IndexType::kIvfRabitq}, data, metric);
    std::size_t found = 0;
    std::size_t found_by_one_bit = 0;
    for (std::size_t q = 0; q < 40; ++q) {
      const auto query = std::span(queries).subspan(q * kDim, kDim);
      const auto best = SearchOne(*index, query, 1, {.nprobe = 32})[0];
      found += best.row == q ? 1 : 0;
      EXPECT_NEAR(best.distance,
                  PlainDistance(metric, query.data(),
                                &data.vectors[best.row * kDim], kDim),
                  metric == MetricType::kCosine ? 0.15 : 60)
          << types::NameOf(metric);
      found_by_one_bit +=
          SearchOne(*index, query, 1, {.nprobe = 32, .query_bits = 1})[0].row ==
                  q
              ? 1
              : 0;
    }
    EXPECT_GE(found, 39U) << types::NameOf(metric);
    EXPECT_LE(found_by_one_bit, found);
  }
}

}  // namespace
}  // namespace elanus::index

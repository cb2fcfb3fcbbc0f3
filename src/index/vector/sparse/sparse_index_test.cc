#include "index/vector/sparse/sparse_index.h"

#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "index/testing/index_files_test.h"
#include "index/testing/random_vectors.h"
#include "index/testing/sparse_vectors.h"
#include "index/vector/registry.h"

namespace elanus::index {
namespace {

using testing::HasSubstr;
using types::MetricType;
using types::SparseEntry;

constexpr const char* kAlgorithms[] = {"DAAT_MAXSCORE", "DAAT_WAND",
                                       "TAAT_NAIVE", "BLOCK_MAX_MAXSCORE",
                                       "BLOCK_MAX_WAND"};

absl::StatusOr<IndexSpec> Spec(
    const ParamMap& params, std::string_view metric = "IP",
    std::string_view type = "SPARSE_INVERTED_INDEX") {
  return ParseIndexSpec({.type_name = type,
                         .metric_name = metric,
                         .data_type = types::DataType::kSparseFloatVector,
                         .params = params});
}

std::unique_ptr<VectorIndex> Build(const SparseTable& rows,
                                   const ParamMap& params,
                                   std::string_view metric = "IP") {
  const auto spec = Spec(params, metric);
  EXPECT_TRUE(spec.ok()) << spec.status();
  const VectorBlock block = rows.block();
  auto index = BuildIndex(base::OpContext(), *spec,
                          {.blocks = std::span(&block, 1),
                           .type = types::DataType::kSparseFloatVector},
                          {});
  EXPECT_TRUE(index.ok()) << index.status();
  return std::move(*index);
}

std::vector<Neighbor> Ask(const VectorIndex& index, const SparseTable& queries,
                          std::size_t q, std::size_t k,
                          types::BitsetView excluded = {},
                          const SearchParams& params = {}) {
  std::vector<float> distances(k);
  std::vector<std::uint32_t> rows(k);
  const absl::Status status =
      index.Search(base::OpContext(),
                   {.queries = Queries::Sparse(queries.rows().Slice(q, 1)),
                    .nq = 1,
                    .k = k,
                    .params = params,
                    .excluded = excluded},
                   {.distances = distances, .rows = rows});
  EXPECT_TRUE(status.ok()) << status;
  std::vector<Neighbor> hits;
  for (std::size_t i = 0; i < k && rows[i] != kNoRow; ++i) {
    hits.push_back({distances[i], rows[i]});
  }
  return hits;
}

float AsItIs(std::size_t, const SparseEntry& entry) { return entry.value; }

std::vector<Neighbor> First(std::vector<Neighbor> hits, std::size_t k) {
  if (hits.size() > k) hits.resize(k);
  return hits;
}

class SparseIndexTest : public testing::TestWithParam<const char*> {
 protected:
  ParamMap params() const { return {{"inverted_index_algo", GetParam()}}; }
};

TEST_P(SparseIndexTest, FindsWhatThePlainSearchFindsTiesByRow) {
  std::mt19937 random(1);
  for (int round = 0; round < 40; ++round) {
    // Some of them span several windows.
    const SparseShape shape = {.rows = round % 8 == 0 ? 40000 : random() % 3000,
                               .dims = 1 + random() % 500,
                               .row_size = 1 + random() % 6,
                               .largest = 1 + static_cast<int>(random() % 9),
                               .has_negative = round % 5 == 4};
    const SparseTable rows = RandomSparse(shape, random());
    const SparseTable queries = RandomSparse({.rows = 4,
                                              .dims = shape.dims + 3,
                                              .row_size = 1 + random() % 12,
                                              .largest = 5,
                                              .has_negative = round % 7 == 6},
                                             random());
    const double out_share = std::vector{0.0, 0.5, 0.99, 1.0}[random() % 4];
    const auto excluded = RandomExcluded(shape.rows, out_share, random());
    const auto index = Build(rows, params());
    for (std::size_t q = 0; q < queries.size(); ++q) {
      const std::size_t k = 1 + random() % 30;
      EXPECT_EQ(Ask(*index, queries, q, k, excluded.view()),
                First(PlainSparseSearch(rows.rows(), queries.rows().Row(q),
                                        excluded.view(), AsItIs),
                      k));
    }
  }
}

TEST_P(SparseIndexTest, ScoresBm25ByItsFormula) {
  const SparseTable rows = RandomSparse(
      {.rows = 2000, .dims = 200, .row_size = 12, .largest = 4}, 5);
  const SparseTable queries =
      RandomSparse({.rows = 20, .dims = 200, .row_size = 6, .largest = 3}, 6);
  std::vector<double> lengths;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    lengths.push_back(0);
    for (const auto& entry : rows.rows().Row(row)) {
      lengths.back() += double{entry.value};
    }
  }
  for (const bool is_given : {false, true}) {
    ParamMap with = params();
    with["bm25_k1"] = "1.5";
    with["bm25_b"] = "0.6";
    double avgdl = 0;
    for (const double length : lengths) avgdl += length;
    avgdl /= static_cast<double>(lengths.size());
    if (is_given) with["bm25_avgdl"] = std::to_string(avgdl = 33);
    const auto index = Build(rows, with, "BM25");
    for (std::size_t q = 0; q < queries.size(); ++q) {
      const auto expected = PlainSparseSearch(
          rows.rows(), queries.rows().Row(q), {},
          [&](std::size_t row, const SparseEntry& entry) {
            const double tf = entry.value;
            return tf * 2.5 / (tf + 1.5 * (0.4 + 0.6 * lengths[row] / avgdl));
          });
      const auto got = Ask(*index, queries, q, 10);
      ASSERT_EQ(got.size(), std::min<std::size_t>(10, expected.size()));
      for (std::size_t i = 0; i < got.size(); ++i) {
        EXPECT_NEAR(got[i].distance, expected[i].distance, 1e-4);
      }
    }
  }
}

TEST_P(SparseIndexTest, ALoadedIndexAnswersAsTheSavedOne) {
  const SparseTable rows =
      RandomSparse({.rows = 500, .dims = 60, .row_size = 6, .largest = 5}, 7);
  const auto index = Build(rows, params());
  const auto files = index->Save();
  ASSERT_TRUE(files.ok());
  const auto loaded = LoadIndex(*files, {});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ((*loaded)->type(), IndexType::kSparseInverted);
  EXPECT_EQ((*loaded)->size(), 500U);
  for (std::size_t q = 0; q < 50; ++q) {
    EXPECT_EQ(Ask(**loaded, rows, q, 10), Ask(*index, rows, q, 10));
  }
  EXPECT_EQ((*(*loaded)->Save())[0].bytes.view(), (*files)[0].bytes.view());
}

INSTANTIATE_TEST_SUITE_P(Algorithms, SparseIndexTest,
                         testing::ValuesIn(kAlgorithms), [](const auto& param) {
                           return std::string(param.param);
                         });

TEST(SparseIndexSearchTest, ARangeHoldsTheRowsWithinAndNoOthers) {
  const SparseTable rows =
      RandomSparse({.rows = 2000, .dims = 40, .row_size = 8, .largest = 5}, 8);
  const auto index = Build(rows, {});
  for (std::size_t q = 0; q < 20; ++q) {
    auto expected =
        PlainSparseSearch(rows.rows(), rows.rows().Row(q), {}, AsItIs);
    std::erase_if(expected, [](const Neighbor& hit) {
      return !(hit.distance >= -40 && hit.distance < -10);
    });
    const auto got = index->RangeSearch(
        base::OpContext(), {.query = Queries::Sparse(rows.rows().Slice(q, 1)),
                            .below = -10,
                            .at_least = -40});
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(*got, expected);
  }
}

TEST(SparseIndexSearchTest, AnIteratorGivesAllHitsNearestFirstEachOnce) {
  const SparseTable rows =
      RandomSparse({.rows = 300, .dims = 20, .row_size = 5, .largest = 4}, 9);
  const auto index = Build(rows, {});
  const auto iterator =
      index->Iterate({.query = Queries::Sparse(rows.rows().Slice(3, 1))});
  ASSERT_TRUE(iterator.ok());
  std::vector<Neighbor> all;
  while (true) {
    const auto batch = (*iterator)->Next(base::OpContext(), 7);
    ASSERT_TRUE(batch.ok());
    all.insert(all.end(), batch->begin(), batch->end());
    if (batch->size() < 7) break;
  }
  EXPECT_EQ(all,
            PlainSparseSearch(rows.rows(), rows.rows().Row(3), {}, AsItIs));
}

TEST(SparseIndexSearchTest, DroppedDimensionsAreThoseWithTheSmallestValues) {
  SparseTable rows;
  rows.Add({{1, 1.0F}});
  rows.Add({{2, 1.0F}});
  rows.Add({{3, 1.0F}});
  rows.Add({{4, 1.0F}});
  SparseTable query;
  query.Add({{1, 4.0F}, {2, 1.0F}, {3, 3.0F}, {4, 2.0F}});
  const auto index = Build(rows, {});
  EXPECT_EQ(Ask(*index, query, 0, 10, {}, {.drop_ratio = 0.5F}),
            (std::vector<Neighbor>{{-4, 0}, {-3, 2}}));
  // Rounded down: three of four stay.
  EXPECT_EQ(Ask(*index, query, 0, 10, {}, {.drop_ratio = 0.49F}).size(), 3U);
}

TEST(SparseIndexSearchTest, ASmallerBoundRatioOnlyLosesHits) {
  const SparseTable rows = RandomSparse(
      {.rows = 60000, .dims = 300, .row_size = 12, .largest = 50}, 10);
  const SparseTable queries =
      RandomSparse({.rows = 30, .dims = 300, .row_size = 10, .largest = 9}, 11);
  const auto index = Build(rows, {});
  std::size_t found = 0;
  std::size_t all = 0;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const auto exact = Ask(*index, queries, q, 10);
    const auto fast =
        Ask(*index, queries, q, 10, {}, {.dim_max_score_ratio = 0.5F});
    ASSERT_EQ(fast.size(), exact.size());
    for (const Neighbor& hit : exact) {
      found +=
          static_cast<std::size_t>(std::count(fast.begin(), fast.end(), hit));
    }
    all += exact.size();
  }
  EXPECT_LT(found, all);  // or the ratio did nothing
  EXPECT_GT(found * 10, all * 5);
}

TEST(SparseIndexFileTest, DamageIsFoundOrStaysInsideTheFile) {
  const SparseTable rows =
      RandomSparse({.rows = 200, .dims = 30, .row_size = 5, .largest = 3}, 12);
  const std::string good = BytesOf(*Build(rows, {}));
  std::mt19937 random(13);
  for (int round = 0; round < 2000; ++round) {
    std::string bad = good;
    const std::size_t at = random() % bad.size();
    bad[at] = static_cast<char>(bad[at] ^ (1 << (random() % 8)));
    EXPECT_FALSE(LoadBytes(bad).ok()) << "byte " << at;
    const auto trusted = LoadBytes(std::move(bad), false);
    if (trusted.ok()) Ask(**trusted, rows, random() % 200, 5);
  }
}

TEST(SparseIndexFileTest, Version2IsStillRead) {
  const SparseTable rows =
      RandomSparse({.rows = 100, .dims = 30, .row_size = 5, .largest = 3}, 14);
  const auto loaded = LoadGolden("SPARSE_INVERTED_INDEX_v2",
                                 [&rows] { return Build(rows, {}); });
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  for (std::size_t q = 0; q < rows.size(); ++q) {
    EXPECT_EQ(
        Ask(**loaded, rows, q, 10),
        First(PlainSparseSearch(rows.rows(), rows.rows().Row(q), {}, AsItIs),
              10));
  }
}

TEST(SparseParamsTest, WhatIsOutOfRangeIsNamed) {
  const auto message = [](const ParamMap& params) {
    return std::string(base::MessageOf(Spec(params).status()));
  };
  EXPECT_THAT(message({{"inverted_index_algo", "MAGIC"}}),
              HasSubstr("MAGIC not found or not supported"));
  EXPECT_THAT(message({{"bm25_k1", "3.5"}}), HasSubstr("'bm25_k1' (3.5)"));
  EXPECT_THAT(message({{"drop_ratio_build", "1"}}), HasSubstr("[0, 1)"));
  EXPECT_THAT(message({{"bm25_b", "much"}}), HasSubstr("not a number"));
  EXPECT_FALSE(Spec({}, "L2").ok());
  EXPECT_FALSE(ParseSearchParams(IndexType::kSparseWand,
                                 {{"drop_ratio_search", "-0.1"}}, 10)
                   .ok());
  const auto params = ParseSearchParams(
      IndexType::kSparseInverted,
      {{"drop_ratio_search", "0.25"}, {"dim_max_score_ratio", "0.75"}}, 10);
  ASSERT_TRUE(params.ok());
  EXPECT_EQ(params->drop_ratio, 0.25F);
  EXPECT_EQ(params->dim_max_score_ratio, 0.75F);
}

}  // namespace
}  // namespace elanus::index

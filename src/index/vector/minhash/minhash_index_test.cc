// MINHASH_LSH, against a plain comparison of all rows.
#include "index/vector/minhash/minhash_index.h"

#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/executor.h"
#include "index/testing/index_files_test.h"
#include "index/testing/random_signatures.h"
#include "index/testing/random_vectors.h"
#include "index/vector/brute_force.h"
#include "index/vector/registry.h"

namespace elanus::index {
namespace {

using types::DataType;
using types::MetricType;

VectorDataset DatasetOf(const RandomSignatures& rows,
                        const VectorBlock& block) {
  return {.blocks = std::span(&block, 1),
          .dim = rows.dim,
          .type = DataType::kBinaryVector,
          .signature = rows.shape};
}

absl::StatusOr<std::unique_ptr<VectorIndex>> TryBuild(
    const RandomSignatures& rows, bool with_raw_data = true,
    const BuildOptions& options = {},
    const base::OpContext& ctx = base::OpContext()) {
  const VectorBlock block = {.data = rows.bytes.data(), .rows = rows.size()};
  return BuildIndex(
      ctx,
      {.type = IndexType::kMinHashLsh,
       .metric = MetricType::kMhJaccard,
       .dim = rows.dim,
       .minhash = {.signature = rows.shape, .with_raw_data = with_raw_data}},
      DatasetOf(rows, block), options);
}

std::unique_ptr<VectorIndex> Build(const RandomSignatures& rows,
                                   bool with_raw_data = true,
                                   const BuildOptions& options = {}) {
  auto index = TryBuild(rows, with_raw_data, options);
  EXPECT_TRUE(index.ok()) << index.status();
  return *std::move(index);
}

absl::StatusOr<std::vector<Neighbor>> TrySearch(
    const VectorIndex& index, std::span<const std::byte> query, std::size_t k,
    const SearchParams& params = {}, types::BitsetView excluded = {}) {
  std::vector<float> distances(k);
  std::vector<std::uint32_t> rows(k);
  RETURN_IF_ERROR(index.Search(base::OpContext(),
                               {.queries = Queries::Bits(query),
                                .k = k,
                                .params = params,
                                .excluded = excluded},
                               {.distances = distances, .rows = rows}));
  std::vector<Neighbor> hits;
  for (std::size_t i = 0; i < k && rows[i] != kNoRow; ++i) {
    hits.push_back({distances[i], rows[i]});
  }
  return hits;
}

std::vector<Neighbor> First(std::vector<Neighbor> hits, std::size_t k) {
  hits.resize(std::min(hits.size(), k));
  return hits;
}

struct Shape {
  std::size_t rows;
  std::size_t elements;
  SignatureShape signature;
  std::size_t originals;  // few: most rows share most bands
};

class MinHashShapeTest : public testing::TestWithParam<Shape> {};

TEST_P(MinHashShapeTest, FindsTheRowsThatShareABandAndNoOthers) {
  const Shape shape = GetParam();
  const std::size_t dim = shape.elements * shape.signature.element_bytes * 8;
  const auto rows = MakeSignatures(shape.rows, dim, shape.signature,
                                   shape.originals, 0.7, 1, 2);
  const auto queries =
      MakeSignatures(10, dim, shape.signature, shape.originals, 0.9, 1, 3);
  const auto excluded = RandomExcluded(shape.rows, 0.3, 4);
  const auto index = Build(rows);
  const SearchParams by_elements = {.with_jaccard = true,
                                    .refine_rows = shape.rows};
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const auto query = queries.row(q);
    const auto of_bands = PlainSignatureSearch(rows, query, Rank::kByBands);
    EXPECT_EQ(*TrySearch(*index, query, 12), First(of_bands, 12));
    EXPECT_EQ(
        *TrySearch(*index, query, shape.rows, {}, excluded.view()),
        PlainSignatureSearch(rows, query, Rank::kByBands, excluded.view()));
    const auto of_elements = PlainSignatureSearch(
        rows, query, Rank::kByElementsOfThoseThatShareABand);
    EXPECT_EQ(*TrySearch(*index, query, 12, by_elements),
              First(of_elements, 12));
    std::vector<Neighbor> inside;
    for (const Neighbor& hit : of_elements) {
      if (hit.distance >= -0.8F && hit.distance < -0.5F) inside.push_back(hit);
    }
    EXPECT_EQ(
        *index->RangeSearch(base::OpContext(), {.query = Queries::Bits(query),
                                                .below = -0.5F,
                                                .at_least = -0.8F,
                                                .limit = 20,
                                                .params = by_elements}),
        First(inside, 20));
    auto iterator = *index->Iterate(
        {.query = Queries::Bits(query), .excluded = excluded.view()});
    std::vector<Neighbor> all;
    for (;;) {
      const auto batch = *iterator->Next(base::OpContext(), 7);
      if (batch.empty()) break;
      all.insert(all.end(), batch.begin(), batch.end());
    }
    EXPECT_EQ(all, PlainSignatureSearch(rows, query, Rank::kByBands,
                                        excluded.view()));
  }
}

TEST_P(MinHashShapeTest, BruteForceOverTheSameRowsFindsTheSame) {
  const Shape shape = GetParam();
  const std::size_t dim = shape.elements * shape.signature.element_bytes * 8;
  const auto rows = MakeSignatures(shape.rows, dim, shape.signature,
                                   shape.originals, 0.7, 5, 6);
  const auto index = Build(rows, /*with_raw_data=*/false);
  const VectorBlock block = {.data = rows.bytes.data(), .rows = rows.size()};
  for (std::size_t row = 0; row < rows.size(); row += 97) {
    const Queries query = Queries::Bits(rows.row(row));
    EXPECT_EQ(*BruteForceRangeSearch(base::OpContext(), DatasetOf(rows, block),
                                     MetricType::kMhJaccard, {.query = query}),
              *index->RangeSearch(base::OpContext(), {.query = query}));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, MinHashShapeTest,
    testing::Values(Shape{2000, 32, {4, 16}, 200}, Shape{2000, 32, {8, 8}, 200},
                    Shape{1500, 24, {1, 12}, 150}, Shape{1500, 24, {2, 5}, 150},
                    Shape{1000, 7, {4, 7}, 3}, Shape{1000, 16, {4, 16}, 2},
                    Shape{600, 12, {4, 1}, 1}, Shape{9, 8, {4, 4}, 2},
                    Shape{1, 8, {8, 2}, 1}),
    [](const auto& param) {
      const Shape& shape = param.param;
      return std::to_string(shape.rows) + "x" + std::to_string(shape.elements) +
             "x" + std::to_string(shape.signature.element_bytes * 8) + "in" +
             std::to_string(shape.signature.bands);
    });

// A row of similarity s shares one of b bands of r elements with the
// probability 1 - (1 - s^r)^b.
TEST(MinHashIndexTest, FindsTheShareThatBandingPromises) {
  constexpr std::size_t kRows = 4000;
  constexpr int kElements = 128;
  for (const int bands : {8, 16, 32}) {
    const SignatureShape shape = {.element_bytes = 4,
                                  .bands = static_cast<std::uint32_t>(bands)};
    for (const double similarity : {0.5, 0.8, 0.95}) {
      const auto original =
          MakeSignatures(1, kElements * 32, shape, 1, 1, 1, 2);
      const auto rows =
          MakeSignatures(kRows, kElements * 32, shape, 1, similarity, 1, 3);
      const auto found =
          (*TrySearch(*Build(rows), original.bytes, kRows)).size();
      const double in_band = std::pow(similarity, kElements / bands);
      const double promised = 1 - std::pow(1 - in_band, bands);
      const double deviation =
          std::sqrt(promised * (1 - promised) / kRows) + 1e-4;
      EXPECT_NEAR(static_cast<double>(found) / kRows, promised, 5 * deviation)
          << bands << " " << similarity;
    }
  }
}

TEST(MinHashIndexTest, MoreRowsAreRankedByElementsWhereMoreAreAskedFor) {
  constexpr std::size_t kRows = 3000;
  const SignatureShape shape = {.element_bytes = 4, .bands = 2};
  const auto rows = MakeSignatures(kRows, 64 * 32, shape, 1, 0.99, 1, 2);
  const auto query = MakeSignatures(1, 64 * 32, shape, 1, 1, 1, 3);
  const auto index = Build(rows);
  const auto plain = PlainSignatureSearch(
      rows, query.bytes, Rank::kByElementsOfThoseThatShareABand);
  const auto asked = [&](std::size_t refine_rows) {
    return *TrySearch(*index, query.bytes, 10,
                      {.with_jaccard = true, .refine_rows = refine_rows});
  };
  EXPECT_EQ(asked(kRows), First(plain, 10));
  // Of the others those are ranked that share both bands.
  for (const Neighbor& hit : asked(1)) {
    EXPECT_EQ(PlainEqualRuns(query.bytes, rows.row(hit.row), 2, 32 * 4), 2U);
  }
}

TEST(MinHashIndexTest, ASavedIndexIsUsedInPlaceAndAnswersTheSame) {
  const auto rows = MakeSignatures(2000, 1024, {4, 8}, 100, 0.8, 1, 2);
  for (const bool with_raw_data : {false, true}) {
    const auto index = Build(rows, with_raw_data);
    const auto files = *index->Save();
    const auto loaded = LoadIndex(files, {});
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_EQ((*loaded)->type(), IndexType::kMinHashLsh);
    EXPECT_EQ((*loaded)->metric(), MetricType::kMhJaccard);
    EXPECT_EQ((*loaded)->dim(), 1024U);
    EXPECT_EQ((*loaded)->size(), 2000U);
    EXPECT_EQ((*loaded)->memory_bytes(), files[0].bytes.size());
    EXPECT_EQ((*(*loaded)->Save())[0].bytes.bytes().data(),
              files[0].bytes.bytes().data());
    for (std::size_t row = 0; row < 2000; row += 111) {
      const SearchParams params = {.with_jaccard = with_raw_data};
      EXPECT_EQ(*TrySearch(**loaded, rows.row(row), 10, params),
                *TrySearch(*index, rows.row(row), 10, params));
    }
  }
}

TEST(MinHashIndexTest, SignaturesAreInTheIndexOnlyIfAskedFor) {
  const auto rows = MakeSignatures(1000, 512, {4, 4}, 100, 0.8, 1, 2);
  const auto small = Build(rows, /*with_raw_data=*/false);
  EXPECT_GE(Build(rows)->memory_bytes(),
            small->memory_bytes() + rows.bytes.size());
  const auto hits = TrySearch(*small, rows.row(0), 1, {.with_jaccard = true});
  EXPECT_EQ(base::CodeOf(hits.status()), base::ErrorCode::kParameterInvalid);
  EXPECT_EQ(base::MessageOf(hits.status()),
            "mh_search_with_jaccard needs an index that was made with "
            "with_raw_data = true: invalid parameter");
  const IterateQuery iterate = {.query = Queries::Bits(rows.row(0)),
                                .params = {.with_jaccard = true}};
  EXPECT_FALSE(small->Iterate(iterate).ok());
}

TEST(MinHashIndexTest, ThreadsDoNotChangeTheBytes) {
  const auto rows = MakeSignatures(9000, 1024, {4, 16}, 100, 0.8, 1, 2);
  const std::string first = BytesOf(*Build(rows));
  base::ThreadPool pool({.name = "build", .threads = 3});
  EXPECT_EQ(first,
            BytesOf(*Build(rows, true, {.executor = &pool, .max_threads = 4})));
  pool.Stop();
}

TEST(MinHashIndexTest, ChangedAndMissingBytesAreFound) {
  const auto rows = MakeSignatures(100, 128, {4, 2}, 20, 0.8, 1, 2);
  ExpectAllDamageIsFound(BytesOf(*Build(rows)));
}

TEST(MinHashIndexTest, UnverifiedDamageNeverLeavesTheFile) {
  const auto rows = MakeSignatures(200, 128, {4, 4}, 3, 0.8, 1, 2);
  std::mt19937 random(3);
  int damaged = 0;
  for (const bool with_raw_data : {false, true}) {
    const std::string good = BytesOf(*Build(rows, with_raw_data));
    for (int round = 0; round < 2000; ++round) {
      const auto loaded = LoadBytes(Damaged(good, 4, random), false);
      if (!loaded.ok() || (*loaded)->dim() != 128) continue;
      const auto hits = TrySearch(**loaded, rows.row(random() % 200), 10,
                                  {.with_jaccard = with_raw_data});
      if (!hits.ok()) {
        EXPECT_EQ(base::CodeOf(hits.status()), base::ErrorCode::kDataIntegrity);
        ++damaged;
        continue;
      }
      for (const Neighbor& hit : *hits) EXPECT_LT(hit.row, 200U);
    }
  }
  EXPECT_GT(damaged, 0);
}

TEST(MinHashIndexTest, WhatDoesNotFitIsRefused) {
  const auto rows = MakeSignatures(100, 128, {4, 4}, 10, 0.8, 1, 2);
  const auto index = Build(rows);
  std::vector<float> distances(1);
  std::vector<std::uint32_t> numbers(1);
  const std::vector<float> floats(128);
  for (const Queries& queries :
       {Queries(floats), Queries::Bits(rows.row(0).first(15)), Queries()}) {
    EXPECT_EQ(base::CodeOf(
                  index->Search(base::OpContext(), {.queries = queries, .k = 1},
                                {.distances = distances, .rows = numbers})),
              base::ErrorCode::kParameterInvalid);
    EXPECT_FALSE(
        index->RangeSearch(base::OpContext(), {.query = queries}).ok());
    EXPECT_FALSE(index->Iterate({.query = queries}).ok());
  }
}

TEST(MinHashIndexTest, ACancelledBuildOrSearchStops) {
  const auto rows = MakeSignatures(100, 128, {4, 4}, 10, 0.8, 1, 2);
  const base::OpContext cancelled;
  cancelled.Cancel();
  EXPECT_EQ(base::CodeOf(TryBuild(rows, true, {}, cancelled).status()),
            base::ErrorCode::kCancelled);
  EXPECT_EQ(
      base::CodeOf(
          Build(rows)
              ->RangeSearch(cancelled, {.query = Queries::Bits(rows.row(0))})
              .status()),
      base::ErrorCode::kCancelled);
}

// A file of this format version stays readable.
TEST(MinHashGoldenTest, IsStillRead) {
  const auto rows = MakeSignatures(120, 256, {4, 4}, 12, 0.8, 1, 2);
  const auto loaded =
      LoadGolden("MINHASH_LSH_v3", [&rows] { return Build(rows); });
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const Queries query = Queries::Bits(rows.row(row));
    EXPECT_EQ(*(*loaded)->RangeSearch(base::OpContext(), {.query = query}),
              PlainSignatureSearch(rows, rows.row(row), Rank::kByBands));
    EXPECT_EQ(*(*loaded)->RangeSearch(
                  base::OpContext(),
                  {.query = query, .params = {.with_jaccard = true}}),
              PlainSignatureSearch(rows, rows.row(row),
                                   Rank::kByElementsOfThoseThatShareABand));
  }
}

}  // namespace
}  // namespace elanus::index

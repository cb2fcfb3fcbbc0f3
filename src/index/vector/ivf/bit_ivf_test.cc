// BIN_IVF_FLAT, against a plain search of all rows.
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/executor.h"
#include "index/testing/index_files_test.h"
#include "index/testing/random_bits.h"
#include "index/testing/random_vectors.h"
#include "index/vector/ivf/ivf_index.h"
#include "index/vector/registry.h"

namespace elanus::index {
namespace {

using types::DataType;
using types::MetricType;

struct Bits {
  std::vector<std::byte> rows;
  std::size_t dim;

  std::size_t width() const { return dim / 8; }
  std::size_t size() const { return rows.size() / width(); }
};

absl::StatusOr<std::unique_ptr<VectorIndex>> TryBuild(
    const Bits& bits, MetricType metric, std::uint32_t nlist,
    const BuildOptions& options = {},
    const base::OpContext& ctx = base::OpContext()) {
  // In two blocks, the second with room between its rows.
  const std::size_t first = bits.size() / 3;
  const std::size_t stride = bits.width() + 3;
  std::vector<std::byte> wide((bits.size() - first) * stride);
  for (std::size_t row = first; row < bits.size(); ++row) {
    std::copy_n(bits.rows.data() + row * bits.width(), bits.width(),
                wide.data() + (row - first) * stride);
  }
  const VectorBlock blocks[] = {
      {.data = bits.rows.data(), .rows = first},
      {.data = wide.data(), .rows = bits.size() - first, .stride = stride}};
  return BuildIndex(
      ctx,
      {.type = IndexType::kBinIvfFlat,
       .metric = metric,
       .dim = bits.dim,
       .ivf = {.nlist = nlist}},
      {.blocks = blocks, .dim = bits.dim, .type = DataType::kBinaryVector},
      options);
}

std::unique_ptr<VectorIndex> Build(const Bits& bits, MetricType metric,
                                   std::uint32_t nlist = 32,
                                   const BuildOptions& options = {}) {
  auto index = TryBuild(bits, metric, nlist, options);
  EXPECT_TRUE(index.ok()) << index.status();
  return *std::move(index);
}

std::vector<Neighbor> SearchOne(const VectorIndex& index,
                                std::span<const std::byte> query, std::size_t k,
                                std::size_t nprobe,
                                types::BitsetView excluded = {}) {
  std::vector<float> distances(k);
  std::vector<std::uint32_t> rows(k);
  const absl::Status status =
      index.Search(base::OpContext(),
                   {.queries = Queries::Bits(query),
                    .k = k,
                    .params = {.nprobe = nprobe},
                    .excluded = excluded},
                   {.distances = distances, .rows = rows});
  EXPECT_TRUE(status.ok()) << status;
  std::vector<Neighbor> hits;
  for (std::size_t i = 0; i < k; ++i) hits.push_back({distances[i], rows[i]});
  return hits;
}

// Hits are rows of their distance, each once, nearest first.
void ExpectTrue(const std::vector<Neighbor>& hits, MetricType metric,
                const Bits& bits, std::span<const std::byte> query) {
  std::set<std::uint32_t> seen;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    if (hits[i].row == kNoRow) continue;
    ASSERT_LT(hits[i].row, bits.size());
    EXPECT_TRUE(seen.insert(hits[i].row).second);
    EXPECT_TRUE(i == 0 || hits[i - 1] < hits[i]);
    EXPECT_EQ(
        hits[i].distance,
        PlainBits(metric, query.data(),
                  bits.rows.data() + hits[i].row * bits.width(), bits.width()));
  }
}

// Of rows at the same distance as the last any may have been found.
void ExpectNearest(const std::vector<Neighbor>& hits, MetricType metric,
                   const Bits& bits, std::span<const std::byte> query,
                   types::BitsetView excluded = {}) {
  ExpectTrue(hits, metric, bits, query);
  const auto truth = PlainBitSearch(metric, bits.rows, query, excluded);
  for (std::size_t i = 0; i < hits.size(); ++i) {
    EXPECT_EQ(hits[i].distance,
              i < truth.size() ? truth[i].distance : kNoDistance);
    EXPECT_FALSE(hits[i].row != kNoRow && excluded.Test(hits[i].row));
  }
}

class BitIvfTest : public testing::TestWithParam<MetricType> {
 protected:
  MetricType metric() const { return GetParam(); }

  // Of ten nearest rows, how many are found on the average.
  double Recall(const VectorIndex& index, const Bits& bits,
                const std::vector<std::byte>& queries, std::size_t nprobe,
                types::BitsetView excluded = {}) const {
    constexpr std::size_t kTopK = 10;
    std::size_t found = 0;
    std::size_t wanted = 0;
    for (std::size_t at = 0; at < queries.size(); at += bits.width()) {
      const auto query = std::span(queries).subspan(at, bits.width());
      const auto truth = PlainBitSearch(metric(), bits.rows, query, excluded);
      const std::size_t k = std::min(kTopK, truth.size());
      wanted += k;
      for (const Neighbor& hit : SearchOne(index, query, k, nprobe, excluded)) {
        found += hit.distance <= truth[k - 1].distance ? 1 : 0;
      }
    }
    return static_cast<double>(found) / static_cast<double>(wanted);
  }
};

TEST_P(BitIvfTest, AllListsFindTheNearestOfRowsOfAnyLength) {
  for (const std::size_t dim : {8U, 24U, 128U, 520U}) {
    const Bits bits = {RandomBits(3000 * dim / 8, dim), dim};
    const auto index = Build(bits, metric());
    const auto queries = RandomBits(4 * bits.width(), dim + 1);
    for (std::size_t at = 0; at < queries.size(); at += bits.width()) {
      const auto query = std::span(queries).subspan(at, bits.width());
      ExpectNearest(SearchOne(*index, query, 50, 32), metric(), bits, query);
    }
  }
}

TEST_P(BitIvfTest, AFewOfManyListsFindMostAndMoreFindMore) {
  const Bits bits = {ClusteredBits(6000, 32, 60, 16, 1, 2), 256};
  const auto queries = ClusteredBits(30, 32, 60, 16, 1, 3);
  const auto index = Build(bits, metric(), 150);
  const double one = Recall(*index, bits, queries, 1);
  const double some = Recall(*index, bits, queries, 12);
  EXPECT_LE(one, some);
  EXPECT_GE(some, 0.85);
  EXPECT_EQ(Recall(*index, bits, queries, 150), 1);
}

TEST_P(BitIvfTest, AFilterCostsNoRecallAndAStrongOneIsExact) {
  const Bits bits = {ClusteredBits(6000, 32, 60, 16, 1, 2), 256};
  const auto queries = ClusteredBits(10, 32, 60, 16, 1, 4);
  const auto index = Build(bits, metric(), 150);
  for (const double out : {0.05, 0.5, 0.9}) {
    const auto excluded = RandomExcluded(bits.size(), out, 5);
    EXPECT_GE(Recall(*index, bits, queries, 12, excluded.view()), 0.85) << out;
  }
  for (const double out : {0.98, 0.999, 1.0}) {
    const auto excluded = RandomExcluded(bits.size(), out, 6);
    for (std::size_t at = 0; at < queries.size(); at += bits.width()) {
      const auto query = std::span(queries).subspan(at, bits.width());
      ExpectNearest(SearchOne(*index, query, 20, 8, excluded.view()), metric(),
                    bits, query, excluded.view());
    }
  }
}

TEST_P(BitIvfTest, FewRowsEqualRowsAndRowsWithoutBitsAreAllFound) {
  for (const std::size_t rows : {0U, 1U, 5U, 100U}) {
    for (const std::byte value : {std::byte{0}, std::byte{0xA5}}) {
      const Bits same = {std::vector<std::byte>(rows * 3, value), 24};
      const auto index = Build(same, metric(), 64);
      EXPECT_EQ(index->size(), rows);
      const std::vector<std::byte> query(3, std::byte{0x25});
      ExpectNearest(SearchOne(*index, query, rows + 2, 1), metric(), same,
                    query);
    }
  }
  const Bits few = {RandomBits(60 * 3, 7), 24};
  const auto query = RandomBits(3, 8);
  ExpectNearest(SearchOne(*Build(few, metric(), 64), query, 70, 1), metric(),
                few, query);
}

TEST_P(BitIvfTest, ARangeHasTheRowsBetweenItsBounds) {
  const Bits bits = {ClusteredBits(4000, 16, 20, 8, 1, 2), 128};
  const auto query = ClusteredBits(1, 16, 20, 8, 1, 9);
  const auto index = Build(bits, metric(), 50);
  const auto excluded = RandomExcluded(bits.size(), 0.3, 10);
  const auto truth =
      PlainBitSearch(metric(), bits.rows, query, excluded.view());
  const RangeQuery range = {.query = Queries::Bits(query),
                            .below = truth[900].distance,
                            .at_least = truth[100].distance,
                            .params = {.nprobe = 50},
                            .excluded = excluded.view()};
  std::vector<Neighbor> expected;
  for (const Neighbor& row : truth) {
    if (row.distance >= range.at_least && row.distance < range.below) {
      expected.push_back(row);
    }
  }
  ASSERT_GE(expected.size(), 100U);
  EXPECT_EQ(*index->RangeSearch(base::OpContext(), range), expected);
  RangeQuery three = range;
  three.limit = 3;
  expected.resize(3);
  EXPECT_EQ(*index->RangeSearch(base::OpContext(), three), expected);
}

TEST_P(BitIvfTest, AnIteratorGivesWhatASortedSearchOfAllListsDoes) {
  const Bits bits = {ClusteredBits(2000, 16, 20, 8, 1, 2), 128};
  const auto excluded = RandomExcluded(bits.size(), 0.2, 11);
  const auto index = Build(bits, metric(), 40);
  std::vector<Neighbor> all;
  std::vector<Neighbor> truth;
  std::unique_ptr<VectorIterator> iterator;
  {
    // The query is gone when the iterator is asked.
    const auto query = ClusteredBits(1, 16, 20, 8, 1, 12);
    truth = PlainBitSearch(metric(), bits.rows, query, excluded.view());
    iterator = *index->Iterate({.query = Queries::Bits(query),
                                .params = {.nprobe = 40},
                                .excluded = excluded.view()});
  }
  for (;;) {
    const auto batch = *iterator->Next(base::OpContext(), 77);
    if (batch.empty()) break;
    all.insert(all.end(), batch.begin(), batch.end());
  }
  EXPECT_EQ(all, truth);
}

TEST_P(BitIvfTest, ASavedIndexIsUsedInPlaceAndAnswersTheSame) {
  const Bits bits = {ClusteredBits(3000, 16, 20, 8, 1, 2), 128};
  const auto queries = ClusteredBits(20, 16, 20, 8, 1, 13);
  const auto index = Build(bits, metric());
  const auto files = *index->Save();
  const auto loaded = LoadIndex(files, {});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ((*loaded)->type(), IndexType::kBinIvfFlat);
  EXPECT_EQ((*loaded)->metric(), metric());
  EXPECT_EQ((*loaded)->dim(), 128U);
  EXPECT_EQ((*loaded)->size(), 3000U);
  EXPECT_EQ((*loaded)->memory_bytes(), files[0].bytes.size());
  EXPECT_EQ((*(*loaded)->Save())[0].bytes.bytes().data(),
            files[0].bytes.bytes().data());
  for (std::size_t at = 0; at < queries.size(); at += bits.width()) {
    const auto query = std::span(queries).subspan(at, bits.width());
    EXPECT_EQ(SearchOne(**loaded, query, 10, 4),
              SearchOne(*index, query, 10, 4));
  }
}

TEST_P(BitIvfTest, TheSeedDecidesTheBytesAndThreadsDoNot) {
  const Bits bits = {ClusteredBits(9000, 16, 40, 8, 1, 2), 128};
  const auto bytes = [&](const BuildOptions& options) {
    return BytesOf(*Build(bits, metric(), 60, options));
  };
  const std::string first = bytes({.seed = 5});
  EXPECT_EQ(first, bytes({.seed = 5}));
  EXPECT_NE(first, bytes({.seed = 6}));
  base::ThreadPool pool({.name = "build", .threads = 3});
  EXPECT_EQ(first, bytes({.executor = &pool, .max_threads = 4, .seed = 5}));
  pool.Stop();
}

TEST_P(BitIvfTest, ChangedAndMissingBytesAreFound) {
  ExpectAllDamageIsFound(
      BytesOf(*Build({RandomBits(200 * 4, 14), 32}, metric(), 4)));
}

TEST_P(BitIvfTest, UnverifiedDamageNeverLeavesTheFile) {
  const std::string good =
      BytesOf(*Build({RandomBits(200 * 4, 14), 32}, metric(), 4));
  std::mt19937 random(15);
  const auto query = RandomBits(4, 16);
  for (int round = 0; round < 2000; ++round) {
    const auto loaded = LoadBytes(Damaged(good, 4, random), false);
    if (!loaded.ok()) continue;
    for (const Neighbor& hit : SearchOne(**loaded, query, 10, 3)) {
      EXPECT_LT(hit.row, 200U);
    }
  }
}

TEST_P(BitIvfTest, WhatDoesNotFitIsRefused) {
  const Bits bits = {RandomBits(100 * 4, 17), 32};
  const auto index = Build(bits, metric());
  std::vector<float> distances(1);
  std::vector<std::uint32_t> rows(1);
  const std::vector<float> floats(32);
  const auto short_query = RandomBits(3, 1);
  for (const Queries& queries :
       {Queries(floats), Queries::Bits(short_query), Queries()}) {
    EXPECT_EQ(base::CodeOf(
                  index->Search(base::OpContext(), {.queries = queries, .k = 1},
                                {.distances = distances, .rows = rows})),
              base::ErrorCode::kParameterInvalid);
    EXPECT_FALSE(
        index->RangeSearch(base::OpContext(), {.query = queries}).ok());
    EXPECT_FALSE(index->Iterate({.query = queries}).ok());
  }
  for (const MetricType other :
       {MetricType::kSubstructure, MetricType::kSuperstructure,
        MetricType::kL2}) {
    EXPECT_EQ(base::CodeOf(TryBuild(bits, other, 8).status()),
              base::ErrorCode::kParameterInvalid);
  }
}

TEST_P(BitIvfTest, ACancelledBuildOrSearchStops) {
  const Bits bits = {RandomBits(1000 * 4, 18), 32};
  const base::OpContext cancelled;
  cancelled.Cancel();
  EXPECT_EQ(base::CodeOf(TryBuild(bits, metric(), 8, {}, cancelled).status()),
            base::ErrorCode::kCancelled);
  const auto query = RandomBits(4, 19);
  EXPECT_EQ(
      base::CodeOf(Build(bits, metric())
                       ->RangeSearch(cancelled, {.query = Queries::Bits(query)})
                       .status()),
      base::ErrorCode::kCancelled);
}

INSTANTIATE_TEST_SUITE_P(Metrics, BitIvfTest,
                         testing::Values(MetricType::kHamming,
                                         MetricType::kJaccard),
                         [](const auto& param) {
                           return std::string(types::NameOf(param.param));
                         });

// A file of this format version stays readable.
TEST(BitIvfGoldenTest, IsStillRead) {
  const Bits bits = {RandomBits(120 * 3, 1), 24};
  const auto loaded = LoadGolden(
      "BIN_IVF_FLAT_v3", [&bits] { return Build(bits, MetricType::kHamming); });
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const auto query = std::span(bits.rows).subspan(7 * 3, 3);
  const auto all = (*loaded)->RangeSearch(base::OpContext(),
                                          {.query = Queries::Bits(query)});
  EXPECT_EQ(*all, PlainBitSearch(MetricType::kHamming, bits.rows, query, {}));
}

}  // namespace
}  // namespace elanus::index

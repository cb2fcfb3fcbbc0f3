// Rows of bits and sparse rows through brute force and their indexes, against
// plain second implementations.
#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "index/testing/index_files_test.h"
#include "index/testing/random_bits.h"
#include "index/testing/random_vectors.h"
#include "index/vector/brute_force.h"
#include "index/vector/registry.h"

namespace elanus::index {
namespace {

using types::DataType;
using types::MetricType;
using types::SparseEntry;

constexpr std::size_t kRows = 700;
constexpr std::size_t kNq = 4;
constexpr std::size_t kK = 12;

struct Hits {
  std::vector<float> distances = std::vector<float>(kNq * kK);
  std::vector<std::uint32_t> rows = std::vector<std::uint32_t>(kNq * kK);
  SearchOutput out() { return {.distances = distances, .rows = rows}; }
};

// `sorted` are the hits of query q, all of them.
void ExpectFirst(const Hits& hits, std::size_t q,
                 const std::vector<Neighbor>& sorted) {
  for (std::size_t i = 0; i < kK; ++i) {
    const Neighbor want = i < sorted.size() ? sorted[i] : Neighbor{};
    EXPECT_EQ(hits.rows[q * kK + i], want.row) << q << " " << i;
    EXPECT_EQ(hits.distances[q * kK + i], want.distance) << q << " " << i;
  }
}

std::unique_ptr<VectorIndex> Build(std::string_view name, MetricType metric,
                                   const VectorDataset& dataset) {
  const auto spec = ParseIndexSpec({.type_name = name,
                                    .metric_name = types::NameOf(metric),
                                    .data_type = dataset.type,
                                    .dim = dataset.dim});
  EXPECT_TRUE(spec.ok()) << spec.status();
  auto built = BuildIndex(base::OpContext(), *spec, dataset, {});
  EXPECT_TRUE(built.ok()) << built.status();
  auto loaded = LoadIndex(*(*built)->Save(), {});
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return *std::move(loaded);
}

class BitsTest : public testing::TestWithParam<MetricType> {};

TEST_P(BitsTest, BruteForceAndBinFlatAgreeWithThePlainSearch) {
  for (const std::size_t dim : {8U, 24U, 512U, 520U}) {
    const std::size_t width = dim / 8;
    const auto rows = RandomBits(kRows * width, dim);
    const auto queries = RandomBits(kNq * width, dim + 1);
    const auto excluded = RandomExcluded(kRows, 0.4, dim);
    // The second with room between its rows.
    const std::size_t stride = width + 3;
    auto wide = RandomBits((kRows - 300) * stride, dim + 2);
    for (std::size_t row = 300; row < kRows; ++row) {
      std::copy_n(rows.data() + row * width, width,
                  wide.data() + (row - 300) * stride);
    }
    const VectorBlock blocks[] = {
        {.data = rows.data(), .rows = 300},
        {.data = wide.data(), .rows = kRows - 300, .stride = stride}};
    const VectorDataset dataset = {
        .blocks = blocks, .dim = dim, .type = DataType::kBinaryVector};
    const SearchQuery query = {.queries = Queries::Bits(queries),
                               .nq = kNq,
                               .k = kK,
                               .excluded = excluded.view()};
    Hits scanned;
    ASSERT_TRUE(BruteForceSearch(base::OpContext(), dataset, GetParam(), query,
                                 scanned.out())
                    .ok());
    const auto index = Build("BIN_FLAT", GetParam(), dataset);
    EXPECT_EQ(index->type(), IndexType::kBinFlat);
    Hits indexed;
    ASSERT_TRUE(index->Search(base::OpContext(), query, indexed.out()).ok());
    for (std::size_t q = 0; q < kNq; ++q) {
      const auto expected = PlainBitSearch(
          GetParam(), rows, std::span(queries).subspan(q * width, width),
          excluded.view());
      ExpectFirst(scanned, q, expected);
      ExpectFirst(indexed, q, expected);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Metrics, BitsTest,
    testing::Values(MetricType::kHamming, MetricType::kJaccard,
                    MetricType::kSubstructure, MetricType::kSuperstructure),
    [](const auto& param) { return std::string(types::NameOf(param.param)); });

// Rows that share few of 300 indexes, some of them empty.
struct SparseVectors {
  std::vector<SparseEntry> entries;
  std::vector<std::uint32_t> offsets = {0};

  types::SparseRows rows() const { return {entries.data(), offsets}; }
};

SparseVectors RandomSparse(std::size_t rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  SparseVectors made;
  for (std::size_t row = 0; row < rows; ++row) {
    std::set<std::uint32_t> indexes;
    for (std::size_t i = random() % 9; i > 0; --i) {
      indexes.insert(static_cast<std::uint32_t>(random() % 300) * 1000003U);
    }
    for (const std::uint32_t index : indexes) {
      // Sums of few eighths are exact in any order.
      made.entries.push_back({index, static_cast<float>(random() % 32) / 8.0F});
    }
    made.offsets.push_back(
        static_cast<std::uint32_t>(made.entries.size() * sizeof(SparseEntry)));
  }
  return made;
}

std::vector<Neighbor> PlainSparse(std::span<const SparseEntry> query,
                                  types::SparseRows rows,
                                  types::BitsetView excluded) {
  std::map<std::uint32_t, float> wanted;
  for (const SparseEntry& entry : query) wanted[entry.index] = entry.value;
  std::vector<Neighbor> hits;
  for (std::uint32_t row = 0; row < rows.size(); ++row) {
    float product = 0;
    for (const SparseEntry& entry : rows.Row(row)) {
      const auto found = wanted.find(entry.index);
      if (found != wanted.end()) product += found->second * entry.value;
    }
    if (product > 0 && !excluded.Test(row)) hits.push_back({-product, row});
  }
  std::sort(hits.begin(), hits.end());
  return hits;
}

class SparseTest : public testing::Test {
 protected:
  SparseTest()
      : vectors_(RandomSparse(kRows, 1)),
        queries_(RandomSparse(kNq, 2)),
        excluded_(RandomExcluded(kRows, 0.3, 3)),
        block_{.data = vectors_.entries.data(),
               .rows = kRows,
               .offsets = vectors_.offsets.data()} {}

  VectorDataset dataset() const {
    return {.blocks = std::span(&block_, 1),
            .type = DataType::kSparseFloatVector};
  }
  std::vector<Neighbor> Expected(std::size_t q) const {
    return PlainSparse(queries_.rows().Row(q), vectors_.rows(),
                       excluded_.view());
  }

  const SparseVectors vectors_;
  const SparseVectors queries_;
  const types::Bitset excluded_;
  const VectorBlock block_;
};

TEST_F(SparseTest, BruteForceAgreesWithThePlainSearch) {
  const SearchQuery query = {.queries = Queries::Sparse(queries_.rows()),
                             .nq = kNq,
                             .k = kK,
                             .excluded = excluded_.view()};
  Hits scanned;
  ASSERT_TRUE(BruteForceSearch(base::OpContext(), dataset(), MetricType::kIp,
                               query, scanned.out())
                  .ok());
  for (std::size_t q = 0; q < kNq; ++q) ExpectFirst(scanned, q, Expected(q));
}

TEST_F(SparseTest, RangesAndIteratorsGiveEveryHitOfTheQueryOnce) {
  for (std::size_t q = 0; q < kNq; ++q) {
    const Queries one = Queries::Sparse(queries_.rows()).One(q, 0);
    std::vector<Neighbor> inside;
    for (const Neighbor& hit : Expected(q)) {
      if (hit.distance < -2.0F) inside.push_back(hit);
    }
    const RangeQuery range = {
        .query = one, .below = -2.0F, .excluded = excluded_.view()};
    EXPECT_EQ(*BruteForceRangeSearch(base::OpContext(), dataset(),
                                     MetricType::kIp, range),
              inside);
    auto iterator =
        BruteForceIterate(dataset(), MetricType::kIp,
                          {.query = one, .excluded = excluded_.view()});
    ASSERT_TRUE(iterator.ok());
    std::vector<Neighbor> all;
    for (;;) {
      const auto batch = *(*iterator)->Next(base::OpContext(), 7);
      if (batch.empty()) break;
      all.insert(all.end(), batch.begin(), batch.end());
    }
    EXPECT_EQ(all, Expected(q));
  }
}

// A file of this format version stays readable.
TEST(BinFlatGoldenTest, IsStillRead) {
  constexpr std::size_t kGoldenRows = 20;
  constexpr std::size_t kDim = 24;
  const auto bits = RandomBits(kGoldenRows * kDim / 8, 1);
  const VectorBlock block = {.data = bits.data(), .rows = kGoldenRows};
  const VectorDataset dataset = {.blocks = std::span(&block, 1),
                                 .dim = kDim,
                                 .type = DataType::kBinaryVector};
  const auto loaded = LoadGolden("BIN_FLAT_v2", [&dataset] {
    return Build("BIN_FLAT", MetricType::kHamming, dataset);
  });
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const Queries query = Queries::Bits(bits).One(7, kDim);
  const auto expected = BruteForceRangeSearch(
      base::OpContext(), dataset, MetricType::kHamming, {.query = query});
  EXPECT_EQ(expected->size(), kGoldenRows);
  EXPECT_EQ(*(*loaded)->RangeSearch(base::OpContext(), {.query = query}),
            *expected);
}

}  // namespace
}  // namespace elanus::index

// Rows keep their numbers, whatever the order in which a file has them.
#include "index/vector/hnsw/row_order.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "index/testing/random_vectors.h"
#include "index/vector/hnsw/graph.h"
#include "index/vector/hnsw/layout.h"
#include "index/vector/registry.h"

namespace elanus::index {
namespace {

using types::MetricType;

constexpr std::size_t kRows = 9000;
constexpr std::size_t kCopies = 500;
constexpr std::size_t kQueries = 25;

struct Kind {
  std::string name;
  MetricType metric;
  std::size_t dim;
  // One value dwarfs the others, so that bytes do not tell rows apart.
  bool is_lopsided = false;
};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

// The last rows equal some of the others.
std::vector<float> RowsOf(const Kind& kind) {
  std::vector<float> rows = RandomVectors(kRows, kind.dim, 1);
  if (kind.is_lopsided) {
    for (std::size_t row = 0; row < kRows; ++row) {
      rows[row * kind.dim] *= 1e-4F;
      rows[row * kind.dim + 1] += row % 2 == 0 ? 1e6F : -1e6F;
    }
  }
  for (std::size_t i = 0; i < kCopies; ++i) {
    const std::size_t to = kRows - kCopies + i;
    std::copy_n(rows.begin() + static_cast<std::ptrdiff_t>(i * 7 * kind.dim),
                kind.dim,
                rows.begin() + static_cast<std::ptrdiff_t>(to * kind.dim));
  }
  return rows;
}

class RowOrderTest : public testing::TestWithParam<Kind> {
 protected:
  RowOrderTest() : rows_(RowsOf(GetParam())), dim_(GetParam().dim) {
    const VectorBlock block = {.data = rows_.data(), .rows = kRows};
    auto index = BuildIndex(base::OpContext(),
                            {.type = IndexType::kHnsw,
                             .metric = GetParam().metric,
                             .dim = dim_,
                             .hnsw = {.m = 8, .ef_construction = 40}},
                            {.blocks = std::span(&block, 1), .dim = dim_}, {});
    EXPECT_TRUE(index.ok()) << index.status();
    index_ = *std::move(index);
  }

  std::span<const float> Row(std::size_t row) const {
    return std::span(rows_).subspan(row * dim_, dim_);
  }

  // Each hit passes and is there once, at the distance of its row.
  void ExpectTrue(std::span<const float> query, types::BitsetView excluded,
                  std::span<const Neighbor> hits) const {
    std::set<std::uint32_t> seen;
    for (const Neighbor& hit : hits) {
      ASSERT_LT(hit.row, kRows);
      EXPECT_FALSE(excluded.Test(hit.row));
      EXPECT_TRUE(seen.insert(hit.row).second);
      const double expected = PlainDistance(GetParam().metric, query.data(),
                                            Row(hit.row).data(), dim_);
      EXPECT_NEAR(hit.distance, expected, 1e-4 * std::abs(expected) + 1e-3);
    }
  }

  std::vector<Neighbor> Search(std::span<const float> query, std::size_t k,
                               types::BitsetView excluded) const {
    std::vector<float> distances(k);
    std::vector<std::uint32_t> rows(k);
    const absl::Status status = index_->Search(
        base::OpContext(),
        {.queries = query, .nq = 1, .k = k, .excluded = excluded},
        {.distances = distances, .rows = rows});
    EXPECT_TRUE(status.ok()) << status;
    std::vector<Neighbor> hits;
    for (std::size_t i = 0; i < k && rows[i] != kNoRow; ++i) {
      hits.push_back({distances[i], rows[i]});
    }
    return hits;
  }

  const std::vector<float> rows_;
  const std::size_t dim_;
  std::unique_ptr<VectorIndex> index_;
};

TEST_P(RowOrderTest, TheFileHasAnOrderAndCodesOnlyWhereTheyServe) {
  const auto file = IndexFileReader::Open((*index_->Save())[0], true);
  const auto graph = GraphIn(*file);
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_TRUE(graph->order.is_given());
  EXPECT_FALSE(std::ranges::is_sorted(graph->order.numbers()));
  EXPECT_EQ(graph->has_codes(), !GetParam().is_lopsided);
}

TEST_P(RowOrderTest, HitsAreTheRowsThatTheyAreSaidToBeWhateverTheFilter) {
  for (const double out : {0.0, 0.3, 0.8, 0.95, 0.999}) {
    const types::Bitset bits = RandomExcluded(kRows, out, 3);
    const types::BitsetView excluded =
        out == 0 ? types::BitsetView() : bits.view();
    std::size_t right = 0;
    for (std::size_t q = 0; q < kQueries; ++q) {
      const auto query = Row(q * 350);
      const auto hits = Search(query, 5, excluded);
      ASSERT_EQ(hits.size(), 5U);
      ExpectTrue(query, excluded, hits);
      const auto truth = PlainSearch(GetParam().metric, rows_, query, excluded);
      for (const Neighbor& hit : hits) {
        right += hit.distance <= truth[4].distance * (1 + 1e-5F) + 1e-5F ||
                 std::ranges::count(std::span(truth).first(5), hit.row,
                                    &Neighbor::row) != 0;
      }
    }
    EXPECT_GE(right, 5 * kQueries * 85 / 100) << out;
  }
}

TEST_P(RowOrderTest, EqualRowsAreAllFoundInTheOrderOfTheirNumbers) {
  // Under IP a row is not the nearest to itself.
  if (GetParam().metric == MetricType::kIp) return;
  std::size_t pairs = 0;
  for (std::size_t i = 0; i < kCopies; i += 50) {
    const auto first = static_cast<std::uint32_t>(i * 7);
    const auto copy = static_cast<std::uint32_t>(kRows - kCopies + i);
    // Among ten: a walk may miss one of the nearest rows, but not half of a
    // pair.
    std::vector<std::uint32_t> found;
    for (const Neighbor& hit : Search(Row(first), 10, {})) {
      if (hit.row == first || hit.row == copy) found.push_back(hit.row);
    }
    if (found.empty()) continue;
    ++pairs;
    EXPECT_EQ(found, (std::vector<std::uint32_t>{first, copy}));
  }
  EXPECT_GE(pairs, 8U);
}

TEST_P(RowOrderTest, ARangeAndAnIteratorNumberRowsAsASearchDoes) {
  for (const double out : {0.0, 0.5, 0.99}) {
    const types::Bitset bits = RandomExcluded(kRows, out, 4);
    const types::BitsetView excluded =
        out == 0 ? types::BitsetView() : bits.view();
    const auto query = Row(77);
    const auto truth = PlainSearch(GetParam().metric, rows_, query, excluded);
    const auto range = index_->RangeSearch(
        base::OpContext(),
        {.query = query, .below = truth[40].distance, .excluded = excluded});
    ASSERT_TRUE(range.ok()) << range.status();
    ExpectTrue(query, excluded, *range);
    EXPECT_GE(range->size(), 30U);
    const auto iterator =
        index_->Iterate({.query = query, .excluded = excluded});
    ASSERT_TRUE(iterator.ok()) << iterator.status();
    const auto all = (*iterator)->Next(base::OpContext(), kRows + 1);
    ASSERT_TRUE(all.ok()) << all.status();
    EXPECT_EQ(all->size(), truth.size());
    ExpectTrue(query, excluded, *all);
  }
}

// As many as want an order, and nothing to make one of.
TEST(EqualRowsTest, RowsThatAreAllEqualAreFoundByTheirNumbers) {
  for (const std::size_t dim : {std::size_t{1}, std::size_t{64}}) {
    for (const MetricType metric :
         {MetricType::kL2, MetricType::kIp, MetricType::kCosine}) {
      const std::vector<float> rows(kRows * dim, 0.5F);
      const VectorBlock block = {.data = rows.data(), .rows = kRows};
      const auto index =
          BuildIndex(base::OpContext(),
                     {.type = IndexType::kHnsw,
                      .metric = metric,
                      .dim = dim,
                      .hnsw = {.m = 8, .ef_construction = 40}},
                     {.blocks = std::span(&block, 1), .dim = dim}, {});
      ASSERT_TRUE(index.ok()) << index.status();
      types::Bitset excluded(kRows, true);
      for (const std::size_t row : {3, 4000, 8999}) excluded.Clear(row);
      std::vector<float> distances(5);
      std::vector<std::uint32_t> hits(5);
      ASSERT_TRUE((*index)
                      ->Search(base::OpContext(),
                               {.queries = std::span(rows).first(dim),
                                .nq = 1,
                                .k = 5,
                                .excluded = excluded.view()},
                               {.distances = distances, .rows = hits})
                      .ok());
      EXPECT_EQ(hits,
                (std::vector<std::uint32_t>{3, 4000, 8999, kNoRow, kNoRow}));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, RowOrderTest,
    testing::Values(Kind{"NarrowL2", MetricType::kL2, 8},
                    Kind{"NarrowCosine", MetricType::kCosine, 12},
                    Kind{"SketchedL2", MetricType::kL2, 64},
                    Kind{"SketchedIp", MetricType::kIp, 64},
                    Kind{"SketchedCosine", MetricType::kCosine, 64},
                    Kind{"WithoutCodes", MetricType::kL2, 16, true}),
    [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace elanus::index

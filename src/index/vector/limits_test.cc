// A search that is told how near hits have to be (SearchQuery::limits) gives
// all within that distance that it would give without, or nearly: a graph goes
// less far for them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include "index/testing/random_vectors.h"
#include "index/vector/registry.h"
#include "index/vector/topk.h"

namespace elanus::index {
namespace {

using types::MetricType;

constexpr std::size_t kRows = 9000;
constexpr std::size_t kDim = 64;
constexpr std::size_t kQueries = 6;
constexpr std::size_t kTop = 20;
constexpr float kTolerance = 1e-4F;

struct Answer {
  std::vector<float> distances;
  std::vector<std::uint32_t> rows;

  std::span<const float> Of(std::size_t q) const {
    return std::span(distances).subspan(q * kTop, kTop);
  }
};

Answer Ask(const VectorIndex& index, const SearchQuery& query) {
  Answer answer = {std::vector<float>(query.nq * query.k),
                   std::vector<std::uint32_t>(query.nq * query.k)};
  const absl::Status status =
      index.Search(base::OpContext(), query,
                   {.distances = answer.distances, .rows = answer.rows});
  EXPECT_TRUE(status.ok()) << status;
  return answer;
}

// Distances up to a limit are those without one; behind them are none, or
// farther ones.
void ExpectSameWithin(float limit, std::span<const float> all,
                      std::span<const float> limited) {
  for (std::size_t i = 0; i < all.size() && all[i] <= limit; ++i) {
    ASSERT_NEAR(limited[i], all[i], kTolerance * (1 + std::abs(all[i])))
        << "hit " << i;
  }
  ASSERT_TRUE(std::ranges::is_sorted(limited));
}

struct Case {
  IndexType type;
  MetricType metric;
};

class LimitsTest : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const auto [type, metric] = GetParam();
    const VectorBlock block = {.data = vectors_.data(), .rows = kRows};
    auto index = BuildIndex(base::OpContext(),
                            {.type = type,
                             .metric = metric,
                             .dim = kDim,
                             .hnsw = {.m = 8, .ef_construction = 60}},
                            {.blocks = std::span(&block, 1), .dim = kDim}, {});
    ASSERT_TRUE(index.ok()) << index.status();
    index_ = *std::move(index);
  }

  const std::vector<float> vectors_ = RandomVectors(kRows, kDim, 1);
  const std::vector<float> queries_ = RandomVectors(kQueries, kDim, 3);
  std::unique_ptr<VectorIndex> index_;
};

// `out`: the share of the rows that a filter excludes.
TEST_P(LimitsTest, HitsWithinThemAreThoseOfASearchWithoutThem) {
  for (const double out : {0.0, 0.5, 0.97}) {
    const auto excluded = RandomExcluded(kRows, out, 7);
    SearchQuery query = {.queries = queries_,
                         .nq = kQueries,
                         .k = kTop,
                         .params = {.ef = 64},
                         .excluded = excluded.view()};
    const Answer all = Ask(*index_, query);
    for (const std::size_t rank : {std::size_t{0}, std::size_t{7}, kTop - 1}) {
      std::vector<float> limits;
      for (std::size_t q = 0; q < kQueries; ++q) {
        limits.push_back(all.Of(q)[rank]);
      }
      query.limits = limits;
      const Answer limited = Ask(*index_, query);
      for (std::size_t q = 0; q < kQueries; ++q) {
        ASSERT_NO_FATAL_FAILURE(
            ExpectSameWithin(limits[q], all.Of(q), limited.Of(q)))
            << out << " out, query " << q << ", limit at hit " << rank;
      }
    }
  }
}

TEST_P(LimitsTest, WhereNothingIsWithinThemNothingHasToBeFound) {
  const std::vector<float> limits(kQueries, -1e30F);
  const Answer answer = Ask(*index_, {.queries = queries_,
                                      .nq = kQueries,
                                      .k = kTop,
                                      .params = {.ef = 64},
                                      .limits = limits});
  for (std::size_t q = 0; q < kQueries; ++q) {
    EXPECT_TRUE(std::ranges::is_sorted(answer.Of(q)));
  }
}

constexpr std::size_t kParts = 3;
constexpr std::size_t kAsked = 100;
constexpr std::size_t kNear = 10;

std::unique_ptr<VectorIndex> GraphOf(std::span<const float> rows) {
  const VectorBlock block = {.data = rows.data(), .rows = rows.size() / kDim};
  auto index = BuildIndex(base::OpContext(),
                          {.type = IndexType::kHnsw,
                           .metric = MetricType::kL2,
                           .dim = kDim,
                           .hnsw = {.m = 8, .ef_construction = 60}},
                          {.blocks = std::span(&block, 1), .dim = kDim}, {});
  EXPECT_TRUE(index.ok()) << index.status();
  return *std::move(index);
}

// How many of the nearest `parts` find that hold equal shares of the rows, one
// after the other, with or without limits.
std::size_t FoundBy(std::span<const std::unique_ptr<VectorIndex>> parts,
                    std::span<const float> rows, std::span<const float> queries,
                    bool is_limited) {
  std::size_t found = 0;
  for (std::size_t q = 0; q < kAsked; ++q) {
    const auto query = queries.subspan(q * kDim, kDim);
    TopK best(kNear);
    std::size_t first = 0;
    for (const auto& part : parts) {
      const float limit = best.bound();
      std::vector<float> distances(kNear);
      std::vector<std::uint32_t> hits(kNear);
      SearchQuery search = {
          .queries = query, .nq = 1, .k = kNear, .params = {.ef = 32}};
      if (is_limited) search.limits = {&limit, 1};
      EXPECT_TRUE(part->Search(base::OpContext(), search,
                               {.distances = distances, .rows = hits})
                      .ok());
      for (std::size_t i = 0; i < kNear && hits[i] != kNoRow; ++i) {
        best.Offer({distances[i], static_cast<std::uint32_t>(first + hits[i])});
      }
      first += part->size();
    }
    const auto truth = PlainSearch(MetricType::kL2, rows, query, {});
    for (const Neighbor& hit : best.TakeSorted()) {
      found += std::ranges::count(std::span(truth).first(kNear), hit.row,
                                  &Neighbor::row) != 0;
    }
  }
  return found;
}

TEST(GraphLimitsTest, GraphsThatTellOneAnotherFindWhatOneOfAllRowsWould) {
  const std::vector<float> rows = RandomVectors(kRows, kDim, 1);
  const std::vector<float> queries = RandomVectors(kAsked, kDim, 3);
  std::vector<std::unique_ptr<VectorIndex>> parts;
  for (std::size_t part = 0; part < kParts; ++part) {
    const std::size_t size = rows.size() / kParts;
    parts.push_back(GraphOf(std::span(rows).subspan(part * size, size)));
  }
  std::vector<std::unique_ptr<VectorIndex>> one;
  one.push_back(GraphOf(rows));
  const std::size_t by_one = FoundBy(one, rows, queries, false);
  const std::size_t by_parts = FoundBy(parts, rows, queries, false);
  const std::size_t limited = FoundBy(parts, rows, queries, true);
  // Random rows are the hardest; it is 3 % at most.
  EXPECT_GE(limited + 30, by_one);
  // They do not go through as much as they would without.
  EXPECT_LT(limited, by_parts);
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const IndexType type :
       {IndexType::kFlat, IndexType::kHnsw, IndexType::kHnswSq}) {
    for (const MetricType metric :
         {MetricType::kL2, MetricType::kIp, MetricType::kCosine}) {
      cases.push_back({type, metric});
    }
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(All, LimitsTest, ::testing::ValuesIn(Cases()));

TEST(TopKTest, NothingBeyondTheLimitGetsInNorDoesAnythingWithinItStayOut) {
  TopK best(2, 5);
  EXPECT_EQ(best.bound(), 5);
  EXPECT_FALSE(best.Offer({5.5F, 1}));
  EXPECT_TRUE(best.Offer({5, 2}));
  EXPECT_EQ(best.bound(), 5);
  EXPECT_TRUE(best.Offer({3, 3}));
  EXPECT_EQ(best.bound(), 5);
  EXPECT_TRUE(best.Offer({4, 4}));
  EXPECT_EQ(best.bound(), 4);
  EXPECT_EQ(best.TakeSorted(), (std::vector<Neighbor>{{3, 3}, {4, 4}}));
  EXPECT_FALSE(best.Offer({6, 5}));
}

}  // namespace
}  // namespace elanus::index

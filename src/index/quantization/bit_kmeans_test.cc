#include "index/quantization/bit_kmeans.h"

#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "base/executor.h"
#include "index/testing/random_bits.h"

namespace elanus::index {
namespace {

using types::MetricType;

constexpr std::size_t kWidth = 32;

std::vector<std::uint8_t> Cluster(const std::vector<std::byte>& rows,
                                  const BitKMeansOptions& options,
                                  const BuildOptions& build = {},
                                  std::size_t width = kWidth) {
  const auto centroids = BitKMeans(
      base::OpContext(), reinterpret_cast<const std::uint8_t*>(rows.data()),
      rows.size() / width, width, options, build);
  EXPECT_TRUE(centroids.ok()) << centroids.status();
  return *centroids;
}

// The mean distance to the nearest centroid.
double Distortion(MetricType metric, const std::vector<std::byte>& rows,
                  const std::vector<std::uint8_t>& centroids) {
  const auto all = std::as_bytes(std::span(centroids));
  double sum = 0;
  for (std::size_t i = 0; i < rows.size(); i += kWidth) {
    const auto row = std::span(rows).subspan(i, kWidth);
    sum += PlainBitSearch(metric, all, row, {}).front().distance;
  }
  return sum * kWidth / static_cast<double>(rows.size());
}

class BitKMeansTest : public testing::TestWithParam<MetricType> {};

TEST_P(BitKMeansTest, FindsTheMiddlesThatRowsWereMadeFrom) {
  const auto rows = ClusteredBits(2000, kWidth, 8, 50, 1, 2);
  const auto middles = RandomBits(8 * kWidth, 1);
  // Two of the first centroids may fall into one cluster: more of them than
  // clusters leave none without.
  const auto centroids =
      Cluster(rows, {.clusters = 48, .metric = GetParam(), .seed = 3});
  std::vector<std::uint8_t> truth;
  for (const std::byte byte : middles) {
    truth.push_back(std::to_integer<std::uint8_t>(byte));
  }
  EXPECT_LE(Distortion(GetParam(), rows, centroids),
            1.05 * Distortion(GetParam(), rows, truth));
}

TEST_P(BitKMeansTest, MovingCentroidsFitsBetterThanTheRowsTheyStartFrom) {
  const auto rows = ClusteredBits(3000, kWidth, 40, 12, 4, 5);
  const auto after = [&](std::size_t rounds) {
    return Distortion(GetParam(), rows,
                      Cluster(rows, {.clusters = 40,
                                     .max_rounds = rounds,
                                     .metric = GetParam(),
                                     .seed = 1}));
  };
  const double one = after(1);
  EXPECT_LT(one, 0.95 * after(0));
  EXPECT_LE(after(8), one);
}

TEST_P(BitKMeansTest, AnySituationThatLeavesClustersEmptyIsSurvived) {
  for (const std::size_t rows :
       {std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{50}}) {
    for (const std::byte value : {std::byte{0}, std::byte{0x5A}}) {
      const std::vector<std::byte> same(rows * 4, value);
      const auto centroids =
          Cluster(same, {.clusters = 10, .metric = GetParam()}, {}, 4);
      EXPECT_EQ(centroids,
                std::vector<std::uint8_t>(
                    40, rows == 0 ? std::uint8_t{0}
                                  : std::to_integer<std::uint8_t>(value)));
    }
  }
}

TEST_P(BitKMeansTest, AClusterThatRunsEmptyGetsRowsOfAnother) {
  // Two rows, 99 copies of the one: nearly always all centroids start there.
  std::vector<std::byte> rows(100 * 4, std::byte{0x0F});
  for (std::size_t i = 0; i < 4; ++i) rows[70 * 4 + i] = std::byte{0xF0};
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const auto centroids = Cluster(
        rows, {.clusters = 3, .metric = GetParam(), .seed = seed}, {}, 4);
    std::set<std::uint8_t> starts;
    for (std::size_t i = 0; i < centroids.size(); i += 4) {
      starts.insert(centroids[i]);
    }
    EXPECT_EQ(starts, (std::set<std::uint8_t>{0x0F, 0xF0})) << seed;
  }
}

TEST_P(BitKMeansTest, TheSeedDecidesAndThreadsDoNot) {
  const auto rows = ClusteredBits(5000, kWidth, 30, 10, 6, 7);
  const BitKMeansOptions options = {
      .clusters = 50, .metric = GetParam(), .seed = 8};
  const auto alone = Cluster(rows, options);
  EXPECT_EQ(alone, Cluster(rows, options));
  base::ThreadPool pool({.name = "kmeans", .threads = 3});
  EXPECT_EQ(alone,
            Cluster(rows, options, {.executor = &pool, .max_threads = 4}));
  BitKMeansOptions other = options;
  other.seed = 9;
  EXPECT_NE(alone, Cluster(rows, other));
  pool.Stop();
}

TEST_P(BitKMeansTest, ACancelledContextEndsIt) {
  const auto rows = RandomBits(1000 * kWidth, 1);
  const base::OpContext ctx;
  ctx.Cancel();
  EXPECT_EQ(
      base::CodeOf(
          BitKMeans(ctx, reinterpret_cast<const std::uint8_t*>(rows.data()),
                    1000, kWidth, {.clusters = 10, .metric = GetParam()}, {})
              .status()),
      base::ErrorCode::kCancelled);
}

INSTANTIATE_TEST_SUITE_P(Metrics, BitKMeansTest,
                         testing::Values(MetricType::kHamming,
                                         MetricType::kJaccard),
                         [](const auto& param) {
                           return std::string(types::NameOf(param.param));
                         });

}  // namespace
}  // namespace elanus::index

#include "index/quantization/kmeans.h"

#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "base/executor.h"
#include "index/quantization/near_order.h"
#include "index/quantization/packed_table.h"
#include "index/testing/random_vectors.h"

namespace elanus::index {
namespace {

std::vector<float> Cluster(const std::vector<float>& points, std::size_t dim,
                           const KMeansOptions& options,
                           const BuildOptions& build = {}) {
  const auto centroids = KMeans(base::OpContext(), {points.data(), dim},
                                points.size() / dim, dim, options, build);
  EXPECT_TRUE(centroids.ok()) << centroids.status();
  return *centroids;
}

// The mean squared distance to the nearest centroid.
double Distortion(const std::vector<float>& points, std::size_t dim,
                  const std::vector<float>& centroids) {
  double sum = 0;
  for (std::size_t i = 0; i < points.size(); i += dim) {
    double nearest = std::numeric_limits<double>::infinity();
    for (std::size_t c = 0; c < centroids.size(); c += dim) {
      nearest = std::min(
          nearest, PlainDistance(types::MetricType::kL2, points.data() + i,
                                 centroids.data() + c, dim));
    }
    sum += nearest;
  }
  return sum * static_cast<double>(dim) / static_cast<double>(points.size());
}

TEST(KMeansTest, FindsClustersThatLieFarApart) {
  constexpr std::size_t kDim = 5;
  auto points = RandomVectors(800, kDim, 1);
  const auto centres = RandomVectors(8, kDim, 2);
  for (std::size_t i = 0; i < 800; ++i) {
    for (std::size_t d = 0; d < kDim; ++d) {
      points[i * kDim + d] =
          0.01F * points[i * kDim + d] + 10 * centres[i % 8 * kDim + d];
    }
  }
  // Two of the first centroids may fall into one cluster: more of them than
  // clusters leave none without.
  const auto centroids =
      Cluster(points, kDim, {.clusters = 24, .max_rounds = 25, .seed = 3});
  EXPECT_LT(Distortion(points, kDim, centroids), 0.01 * 0.01 * kDim * 1.5);
}

TEST(KMeansTest, ARoundNeverMakesTheFitWorse) {
  const auto points = RandomVectors(2000, 6, 4);
  double before = std::numeric_limits<double>::infinity();
  for (const std::size_t rounds : {1, 2, 4, 8}) {
    const double now = Distortion(
        points, 6,
        Cluster(points, 6, {.clusters = 20, .max_rounds = rounds, .seed = 1}));
    EXPECT_LE(now, before * 1.0001);
    before = now;
  }
}

TEST(KMeansTest, AnySituationThatLeavesClustersEmptyIsSurvived) {
  for (const std::size_t rows :
       {std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{50}}) {
    const std::vector<float> same(rows * 4, 2.0F);
    const auto centroids = Cluster(same, 4, {.clusters = 10, .seed = 1});
    ASSERT_EQ(centroids.size(), 40U);
    for (const float value : centroids) EXPECT_TRUE(std::isfinite(value));
  }
  std::vector<float> broken = RandomVectors(100, 4, 5);
  broken[17] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(Cluster(broken, 4, {.clusters = 10, .seed = 1}).size(), 40U);
}

TEST(KMeansTest, SphericalCentroidsHaveLengthOne) {
  const auto centroids =
      Cluster(RandomVectors(500, 6, 6), 6,
              {.clusters = 12, .is_spherical = true, .seed = 1});
  for (std::size_t c = 0; c < centroids.size(); c += 6) {
    double square = 0;
    for (std::size_t d = 0; d < 6; ++d) {
      square += double{centroids[c + d]} * double{centroids[c + d]};
    }
    EXPECT_NEAR(square, 1, 1e-5);
  }
}

TEST(KMeansTest, ThreadsDoNotChangeTheOutcomeAndTheSeedDoes) {
  const auto points = RandomVectors(5000, 4, 7);
  base::ThreadPool pool({.name = "kmeans", .threads = 3});
  for (const std::size_t clusters : {30, 500}) {
    const auto alone = Cluster(points, 4, {.clusters = clusters, .seed = 1});
    EXPECT_EQ(alone, Cluster(points, 4, {.clusters = clusters, .seed = 1},
                             {.executor = &pool, .max_threads = 4}));
    EXPECT_NE(alone, Cluster(points, 4, {.clusters = clusters, .seed = 2}));
  }
  pool.Stop();
}

// Lloyd's rounds as they are written, from the first points.
std::vector<float> PlainLloyd(const std::vector<float>& points, std::size_t dim,
                              std::size_t clusters, int rounds) {
  std::vector<float> centroids(
      points.begin(),
      points.begin() + static_cast<std::ptrdiff_t>(clusters * dim));
  for (; rounds > 0; --rounds) {
    std::vector<double> sums(centroids.size());
    std::vector<double> sizes(clusters);
    for (std::size_t i = 0; i < points.size(); i += dim) {
      std::size_t nearest = 0;
      double best = std::numeric_limits<double>::infinity();
      for (std::size_t c = 0; c < clusters; ++c) {
        const double distance =
            PlainDistance(types::MetricType::kL2, points.data() + i,
                          centroids.data() + c * dim, dim);
        if (distance < best) nearest = c;
        best = std::min(best, distance);
      }
      ++sizes[nearest];
      for (std::size_t d = 0; d < dim; ++d) {
        sums[nearest * dim + d] += double{points[i + d]};
      }
    }
    for (std::size_t i = 0; i < centroids.size(); ++i) {
      if (sizes[i / dim] == 0) continue;
      centroids[i] = static_cast<float>(sums[i] / sizes[i / dim]);
    }
  }
  return centroids;
}

// Where they are compared with near centroids only: in few dimensions and in
// many, where no centroid is much nearer than another.
TEST(KMeansTest, ManyClustersFitAsWellAsIfAllWereCompared) {
  constexpr std::size_t kClusters = 300;
  constexpr int kRounds = 10;
  for (const std::size_t dim : {3, 24}) {
    const auto points = RandomVectors(4000, dim, 11);
    const double plain =
        Distortion(points, dim, PlainLloyd(points, dim, kClusters, kRounds));
    const double ours = Distortion(
        points, dim,
        Cluster(points, dim,
                {.clusters = kClusters, .max_rounds = kRounds, .seed = 1}));
    EXPECT_LT(ours, plain * 1.03) << dim;
  }
}

TEST(NearOrderTest, GivesEachRowOnceAndRunsOfNearOnes) {
  constexpr std::size_t kRun = 8;
  for (const std::size_t rows : {0, 1, 7, 8, 9, 100, 320}) {
    std::vector<float> points;
    for (std::size_t i = 0; i < rows; ++i) {
      // On a line, out of order.
      points.push_back(static_cast<float>(i * 89 % 331));
      points.push_back(1);
    }
    const auto order = NearOrder({points.data(), 2}, rows, 2, kRun);
    EXPECT_EQ(std::set(order.begin(), order.end()).size(), rows);
    double within = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const std::size_t first = i / kRun * kRun;
      within += std::abs(points[order[i] * 2] - points[order[first] * 2]);
    }
    EXPECT_LE(within, kRun * 331.0);
  }
}

TEST(PackedTableTest, TheNearestAmongPanelsIsThatOfTheirRowsAlone) {
  constexpr std::size_t kDim = 5;
  const auto rows = RandomVectors(150, kDim, 12);
  const auto queries = RandomVectors(40, kDim, 13);
  const PackedTable table({rows.data(), kDim}, 150, kDim, TableScore::kL2);
  const std::vector<std::uint32_t> panels = {4, 1};
  std::vector<std::uint32_t> nearest(40);
  std::vector<float> scores(40);
  table.NearestAmong(panels, {queries.data(), kDim}, 40, nearest.data(),
                     scores.data());
  for (std::size_t q = 0; q < 40; ++q) {
    const float* query = &queries[q * kDim];
    std::size_t best = 32;
    for (std::size_t r = 32; r < 150; ++r) {
      if (r >= 64 && r < 128) continue;
      const auto distance = [&](std::size_t row) {
        return PlainDistance(types::MetricType::kL2, query, &rows[row * kDim],
                             kDim);
      };
      if (distance(r) < distance(best)) best = r;
    }
    EXPECT_EQ(nearest[q], best);
  }
}

TEST(PackedTableTest, TheNearestOfManyRowsIsTheOneOfThePlainLoop) {
  constexpr std::size_t kDim = 7;
  for (const std::size_t rows : {1, 31, 33, 1500}) {
    const auto table_rows = RandomVectors(rows, kDim, 8);
    const auto queries = RandomVectors(101, kDim, 9);
    for (const auto score : {TableScore::kL2, TableScore::kNegDot}) {
      const PackedTable table({table_rows.data(), kDim}, rows, kDim, score);
      std::vector<std::uint32_t> nearest(101);
      std::vector<float> scores(101);
      table.Nearest({queries.data(), kDim}, 101, nearest.data(), scores.data());
      for (std::size_t q = 0; q < 101; ++q) {
        const auto metric = score == TableScore::kL2 ? types::MetricType::kL2
                                                     : types::MetricType::kIp;
        double best = std::numeric_limits<double>::infinity();
        for (std::size_t r = 0; r < rows; ++r) {
          best = std::min(best, PlainDistance(metric, &queries[q * kDim],
                                              &table_rows[r * kDim], kDim));
        }
        ASSERT_LT(nearest[q], rows);
        EXPECT_NEAR(PlainDistance(metric, &queries[q * kDim],
                                  &table_rows[nearest[q] * kDim], kDim),
                    best, 1e-4);
      }
    }
  }
}

}  // namespace
}  // namespace elanus::index

#include "index/quantization/kmeans.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <random>
#include <span>

#include "index/quantization/groups.h"
#include "index/quantization/near_order.h"
#include "index/quantization/packed_table.h"
#include "index/vector/metric_kernels.h"
#include "index/vector/parallel.h"
#include "index/vector/topk.h"

namespace elanus::index {
namespace {

// A round that betters the sum of distances by less than this is the last.
constexpr double kEnough = 0.005;
// How far the halves of a split cluster start from each other.
constexpr float kSplit = 1.0F / 256;
constexpr std::size_t kGrain = 768;
// Where there are many clusters, a point that has found its own in the first
// rounds will hardly go to one that is far from that: it is compared with a
// share of the centroids, panels of near ones.
constexpr std::size_t kManyClusters = 256;
constexpr std::size_t kFullRounds = 1;
constexpr std::size_t kPanelShare = 8;
constexpr std::size_t kLeastPanels = 6;
constexpr std::size_t kClustersAtOnce = 16;

class Clustering {
 public:
  Clustering(const base::OpContext& ctx, simd::RowTable points,
             std::size_t count, std::size_t dim, const KMeansOptions& options,
             const BuildOptions& build)
      : ctx_(ctx),
        points_(points),
        count_(count),
        dim_(dim),
        options_(options),
        build_(build),
        centroids_(options.clusters * dim),
        nearest_(count),
        scores_(count),
        random_(options.seed) {}

  absl::StatusOr<std::vector<float>> Run() {
    if (count_ == 0) return std::move(centroids_);
    DrawFirst();
    double before = kNoDistance;
    const bool has_many = options_.clusters >= kManyClusters;
    for (std::size_t round = 0; round < options_.max_rounds; ++round) {
      if (has_many && round == kFullRounds) PutInOrder();
      RETURN_IF_ERROR(has_many && round >= kFullRounds ? FindNearestNearby()
                                                       : FindNearest());
      const double sum = SumOfDistances();
      MoveCentroids();
      if (!(sum < before * (1 - kEnough))) break;
      before = sum;
    }
    return std::move(centroids_);
  }

 private:
  const float* Point(std::size_t i) const {
    return points_.data + i * points_.stride;
  }
  float* Centroid(std::size_t c) { return centroids_.data() + c * dim_; }

  void DrawFirst() {
    std::vector<std::uint32_t> order(count_);
    std::iota(order.begin(), order.end(), 0U);
    for (std::size_t c = 0; c < options_.clusters; ++c) {
      if (c < count_) {
        std::swap(order[c], order[c + random_() % (count_ - c)]);
      }
      std::memcpy(Centroid(c), Point(order[c % count_]), dim_ * sizeof(float));
    }
    for (std::size_t i = 0; i < count_; ++i) {
      squares_ += simd::Kernels().dot(Point(i), Point(i), dim_);
    }
  }

  PackedTable Table() const {
    return {{centroids_.data(), dim_},
            options_.clusters,
            dim_,
            options_.is_spherical ? TableScore::kNegDot : TableScore::kL2};
  }

  absl::Status FindNearest() {
    const PackedTable table = Table();
    Turns turns(0, count_, kGrain);
    return WorkTogether(
        build_.executor, build_.max_threads, [&](std::size_t) -> absl::Status {
          while (const auto turn = turns.Next()) {
            RETURN_IF_ERROR(ctx_.Check());
            table.Nearest({Point(turn->begin), points_.stride}, turn->count(),
                          nearest_.data() + turn->begin,
                          scores_.data() + turn->begin);
          }
          return absl::OkStatus();
        });
  }

  // Centroids that are near each other into the same panels.
  void PutInOrder() {
    const std::vector<std::uint32_t> order = NearOrder(
        {centroids_.data(), dim_}, options_.clusters, dim_, simd::kPanelRows);
    const std::vector<float> before = centroids_;
    std::vector<std::uint32_t> place_of(order.size());
    for (std::size_t c = 0; c < order.size(); ++c) {
      std::memcpy(Centroid(c), before.data() + order[c] * dim_,
                  dim_ * sizeof(float));
      place_of[order[c]] = static_cast<std::uint32_t>(c);
    }
    for (std::uint32_t& cluster : nearest_) cluster = place_of[cluster];
  }

  // Compares the points of a cluster with the centroids that are near its own.
  absl::Status FindNearestNearby() {
    const PackedTable table = Table();
    const Groups groups = GroupBy(nearest_, options_.clusters);
    Turns turns(0, options_.clusters, kClustersAtOnce);
    return WorkTogether(
        build_.executor, build_.max_threads, [&](std::size_t) -> absl::Status {
          std::vector<float> scores(kClustersAtOnce * table.width());
          std::vector<float> tile(PackedTable::kTileQueries * dim_);
          while (const auto turn = turns.Next()) {
            RETURN_IF_ERROR(ctx_.Check());
            table.Scores({Centroid(turn->begin), dim_}, turn->count(),
                         scores.data());
            for (std::size_t i = 0; i < turn->count(); ++i) {
              const std::size_t c = turn->begin + i;
              const std::vector<std::uint32_t> panels = NearPanels(
                  std::span(scores).subspan(i * table.width(), table.width()));
              const std::size_t begin = groups.offsets[c];
              FindAmong(table, panels,
                        std::span(groups.members)
                            .subspan(begin, groups.offsets[c + 1] - begin),
                        tile);
            }
          }
          return absl::OkStatus();
        });
  }

  // The panels with the centroids that a query gave these scores are nearest.
  static std::vector<std::uint32_t> NearPanels(std::span<const float> scores) {
    std::vector<Neighbor> panels;
    for (std::size_t at = 0; at < scores.size(); at += simd::kPanelRows) {
      const float* const panel = scores.data() + at;
      const float score = *std::min_element(panel, panel + simd::kPanelRows);
      panels.push_back(
          {Orderly(score), static_cast<std::uint32_t>(at / simd::kPanelRows)});
    }
    const std::size_t count = std::min(
        panels.size(), std::max(kLeastPanels, panels.size() / kPanelShare));
    std::partial_sort(panels.begin(),
                      panels.begin() + static_cast<std::ptrdiff_t>(count),
                      panels.end());
    std::vector<std::uint32_t> nearest;
    for (std::size_t i = 0; i < count; ++i) nearest.push_back(panels[i].row);
    return nearest;
  }

  void FindAmong(const PackedTable& table,
                 std::span<const std::uint32_t> panels,
                 std::span<const std::uint32_t> points,
                 std::vector<float>& tile) {
    constexpr std::size_t kTile = PackedTable::kTileQueries;
    std::array<std::uint32_t, kTile> nearest;
    std::array<float, kTile> scores;
    for (std::size_t first = 0; first < points.size(); first += kTile) {
      const auto some =
          points.subspan(first, std::min(kTile, points.size() - first));
      for (std::size_t i = 0; i < some.size(); ++i) {
        std::memcpy(tile.data() + i * dim_, Point(some[i]),
                    dim_ * sizeof(float));
      }
      table.NearestAmong(panels, {tile.data(), dim_}, some.size(),
                         nearest.data(), scores.data());
      for (std::size_t i = 0; i < some.size(); ++i) {
        nearest_[some[i]] = nearest[i];
        scores_[some[i]] = scores[i];
      }
    }
  }

  double SumOfDistances() const {
    double sum = 0;
    for (const float score : scores_) sum += score;
    // |p - c|^2 = |p|^2 + score; for unit vectors 2 - 2 <p, c>.
    return options_.is_spherical ? static_cast<double>(count_) + sum
                                 : squares_ + sum;
  }

  void MoveCentroids() {
    std::vector<std::size_t> sizes(options_.clusters);
    std::vector<float> sums(centroids_.size());
    for (std::size_t i = 0; i < count_; ++i) {
      const float* point = Point(i);
      float* to = sums.data() + nearest_[i] * dim_;
      for (std::size_t d = 0; d < dim_; ++d) to[d] += point[d];
      ++sizes[nearest_[i]];
    }
    for (std::size_t c = 0; c < options_.clusters; ++c) {
      if (sizes[c] == 0) continue;
      const float scale = 1.0F / static_cast<float>(sizes[c]);
      for (std::size_t d = 0; d < dim_; ++d) {
        Centroid(c)[d] = sums[c * dim_ + d] * scale;
      }
      if (options_.is_spherical) Normalise(Centroid(c), Centroid(c), dim_);
    }
    SplitInto(sizes);
  }

  // Gives each empty cluster half of the biggest.
  void SplitInto(std::vector<std::size_t>& sizes) {
    for (std::size_t c = 0; c < options_.clusters; ++c) {
      if (sizes[c] != 0) continue;
      const auto biggest = static_cast<std::size_t>(
          std::max_element(sizes.begin(), sizes.end()) - sizes.begin());
      if (sizes[biggest] < 2) return;
      for (std::size_t d = 0; d < dim_; ++d) {
        const float value = Centroid(biggest)[d];
        const float step = d % 2 == 0 ? kSplit : -kSplit;
        Centroid(c)[d] = value * (1 + step);
        Centroid(biggest)[d] = value * (1 - step);
      }
      sizes[c] = sizes[biggest] / 2;
      sizes[biggest] -= sizes[c];
    }
  }

  const base::OpContext& ctx_;
  const simd::RowTable points_;
  const std::size_t count_;
  const std::size_t dim_;
  const KMeansOptions options_;
  const BuildOptions build_;
  std::vector<float> centroids_;
  std::vector<std::uint32_t> nearest_;
  std::vector<float> scores_;
  std::mt19937_64 random_;
  double squares_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<float>> KMeans(const base::OpContext& ctx,
                                          simd::RowTable points,
                                          std::size_t count, std::size_t dim,
                                          const KMeansOptions& options,
                                          const BuildOptions& build) {
  return Clustering(ctx, points, count, dim, options, build).Run();
}

}  // namespace elanus::index

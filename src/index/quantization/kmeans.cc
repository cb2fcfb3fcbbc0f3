#include "index/quantization/kmeans.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>

#include "index/quantization/packed_table.h"
#include "index/vector/metric_kernels.h"
#include "index/vector/parallel.h"

namespace elanus::index {
namespace {

// A round that betters the sum of distances by less than this is the last.
constexpr double kEnough = 0.005;
// How far the halves of a split cluster start from each other.
constexpr float kSplit = 1.0F / 256;
constexpr std::size_t kGrain = 768;

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
    for (std::size_t round = 0; round < options_.max_rounds; ++round) {
      RETURN_IF_ERROR(FindNearest());
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

  absl::Status FindNearest() {
    const PackedTable table(
        {centroids_.data(), dim_}, options_.clusters, dim_,
        options_.is_spherical ? TableScore::kNegDot : TableScore::kL2);
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

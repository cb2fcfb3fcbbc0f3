#include "index/quantization/bit_kmeans.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <span>
#include <utility>

#include "index/quantization/bit_table.h"
#include "index/quantization/groups.h"
#include "index/vector/parallel.h"

namespace elanus::index {
namespace {

// A round that betters the sum of distances by less than this is the last.
constexpr double kEnough = 0.005;
constexpr std::size_t kGrain = 768;

class BitClustering {
 public:
  BitClustering(const base::OpContext& ctx, const std::uint8_t* rows,
                std::size_t count, std::size_t width,
                const BitKMeansOptions& options, const BuildOptions& build)
      : ctx_(ctx),
        rows_(rows),
        count_(count),
        width_(width),
        options_(options),
        build_(build),
        centroids_(options.clusters * width),
        nearest_(count),
        distances_(count) {}

  absl::StatusOr<std::vector<std::uint8_t>> Run() {
    if (count_ == 0) return std::move(centroids_);
    DrawFirst();
    double before = kNoDistance;
    for (std::size_t round = 0; round < options_.max_rounds; ++round) {
      RETURN_IF_ERROR(FindNearest());
      const double sum =
          std::accumulate(distances_.begin(), distances_.end(), 0.0);
      const Groups groups = GroupBy(nearest_, options_.clusters);
      RETURN_IF_ERROR(MoveCentroids(groups));
      FillEmpty(groups);
      if (!(sum < before * (1 - kEnough))) break;
      before = sum;
    }
    return std::move(centroids_);
  }

 private:
  const std::uint8_t* Row(std::size_t i) const { return rows_ + i * width_; }
  std::uint8_t* Centroid(std::size_t c) {
    return centroids_.data() + c * width_;
  }

  void DrawFirst() {
    std::mt19937_64 random(options_.seed);
    std::vector<std::uint32_t> order(count_);
    std::iota(order.begin(), order.end(), 0U);
    for (std::size_t c = 0; c < options_.clusters; ++c) {
      if (c < count_) {
        std::swap(order[c], order[c + random() % (count_ - c)]);
      }
      std::copy_n(Row(order[c % count_]), width_, Centroid(c));
    }
  }

  absl::Status FindNearest() {
    const BitTable table(options_.metric, centroids_.data(), options_.clusters,
                         width_);
    return ForEachTogether(ctx_, count_, kGrain, build_.executor,
                           build_.max_threads, [&](std::size_t i) {
                             const Neighbor nearest = table.Nearest(Row(i));
                             nearest_[i] = nearest.row;
                             distances_[i] = nearest.distance;
                           });
  }

  absl::Status MoveCentroids(const Groups& groups) {
    Turns turns(0, options_.clusters, 1);
    return WorkTogether(
        build_.executor, build_.max_threads, [&](std::size_t) -> absl::Status {
          std::vector<std::uint32_t> counts(width_ * 8);
          while (const auto turn = turns.Next()) {
            RETURN_IF_ERROR(ctx_.Check());
            const std::size_t c = turn->begin;
            const std::span<const std::uint32_t> members =
                std::span(groups.members)
                    .subspan(groups.offsets[c],
                             groups.offsets[c + 1] - groups.offsets[c]);
            if (members.empty()) continue;
            CountBits(members, counts);
            if (options_.metric == types::MetricType::kHamming) {
              SetMajority(counts, members.size(), Centroid(c));
            } else {
              SetMostFrequent(counts, members.size(), Centroid(c));
            }
          }
          return absl::OkStatus();
        });
  }

  void CountBits(std::span<const std::uint32_t> members,
                 std::vector<std::uint32_t>& counts) const {
    std::fill(counts.begin(), counts.end(), 0U);
    for (const std::uint32_t member : members) {
      const std::uint8_t* row = Row(member);
      for (std::size_t i = 0; i < width_; ++i) {
        for (unsigned bit = 0; bit < 8; ++bit) {
          counts[i * 8 + bit] += row[i] >> bit & 1U;
        }
      }
    }
  }

  // A bit that as many rows have as lack stays what it was.
  void SetMajority(const std::vector<std::uint32_t>& counts, std::size_t rows,
                   std::uint8_t* to) const {
    for (std::size_t bit = 0; bit < counts.size(); ++bit) {
      if (std::size_t{2} * counts[bit] == rows) continue;
      Put(to, bit, std::size_t{2} * counts[bit] > rows);
    }
  }

  // The most frequent bits, as many as make the centroid likest to the rows:
  // what both have, by what either has, on the average.
  void SetMostFrequent(const std::vector<std::uint32_t>& counts,
                       std::size_t rows, std::uint8_t* to) const {
    std::vector<std::uint32_t> order(counts.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(),
              [&counts](std::uint32_t a, std::uint32_t b) {
                return counts[a] != counts[b] ? counts[a] > counts[b] : a < b;
              });
    const double share = 1.0 / static_cast<double>(rows);
    const double mean =
        share * std::accumulate(counts.begin(), counts.end(), 0.0);
    double both = 0;
    double best = 0;
    std::size_t size = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      both += share * counts[order[i]];
      const double either = static_cast<double>(i + 1) + mean - both;
      if (both > best * either) {
        best = both / either;
        size = i + 1;
      }
    }
    std::fill_n(to, width_, std::uint8_t{0});
    for (std::size_t i = 0; i < size; ++i) Put(to, order[i], true);
  }

  static void Put(std::uint8_t* to, std::size_t bit, bool value) {
    const unsigned mask = 1U << bit % 8;
    to[bit / 8] = static_cast<std::uint8_t>(value ? to[bit / 8] | mask
                                                  : to[bit / 8] & ~mask);
  }

  void FillEmpty(const Groups& groups) {
    std::vector<std::size_t> sizes(options_.clusters);
    for (std::size_t c = 0; c < options_.clusters; ++c) {
      sizes[c] = groups.offsets[c + 1] - groups.offsets[c];
    }
    for (std::size_t c = 0; c < options_.clusters; ++c) {
      if (groups.offsets[c + 1] != groups.offsets[c]) continue;
      const auto biggest = static_cast<std::size_t>(
          std::max_element(sizes.begin(), sizes.end()) - sizes.begin());
      const auto farthest =
          std::max_element(groups.members.begin() + groups.offsets[biggest],
                           groups.members.begin() + groups.offsets[biggest + 1],
                           [this](std::uint32_t a, std::uint32_t b) {
                             return distances_[a] < distances_[b];
                           });
      // Only of equal rows, or too few of them.
      if (sizes[biggest] < 2 || distances_[*farthest] == 0) return;
      std::copy_n(Row(*farthest), width_, Centroid(c));
      distances_[*farthest] = 0;  // taken
      // As if half of them followed.
      sizes[biggest] -= sizes[biggest] / 2;
    }
  }

  const base::OpContext& ctx_;
  const std::uint8_t* const rows_;
  const std::size_t count_;
  const std::size_t width_;
  const BitKMeansOptions options_;
  const BuildOptions build_;
  std::vector<std::uint8_t> centroids_;
  std::vector<std::uint32_t> nearest_;
  std::vector<float> distances_;
};

}  // namespace

absl::StatusOr<std::vector<std::uint8_t>> BitKMeans(
    const base::OpContext& ctx, const std::uint8_t* rows, std::size_t count,
    std::size_t width, const BitKMeansOptions& options,
    const BuildOptions& build) {
  return BitClustering(ctx, rows, count, width, options, build).Run();
}

}  // namespace elanus::index

// Seeded vectors for tests, and the plain way to search them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "index/vector/vector_index.h"

namespace elanus::index {

inline std::vector<float> RandomVectors(std::size_t rows, std::size_t dim,
                                        std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(rows * dim);
  for (float& value : values) value = normal(random);
  return values;
}

// Each row is out with the given probability.
inline types::Bitset RandomExcluded(std::size_t rows, double probability,
                                    std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::bernoulli_distribution is_out(probability);
  types::Bitset excluded(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    if (is_out(random)) excluded.Set(row);
  }
  return excluded;
}

// The distance as the metric's definition says, in double.
inline double PlainDistance(types::MetricType metric, const float* x,
                            const float* y, std::size_t dim) {
  double l2 = 0;
  double dot = 0;
  double xx = 0;
  double yy = 0;
  for (std::size_t i = 0; i < dim; ++i) {
    const double a = x[i];
    const double b = y[i];
    l2 += (a - b) * (a - b);
    dot += a * b;
    xx += a * a;
    yy += b * b;
  }
  if (metric == types::MetricType::kL2) return l2;
  if (metric == types::MetricType::kIp) return -dot;
  return xx == 0 || yy == 0 ? 0 : -dot / std::sqrt(xx * yy);
}

// All rows that are in, nearest first.
inline std::vector<Neighbor> PlainSearch(types::MetricType metric,
                                         std::span<const float> vectors,
                                         std::span<const float> query,
                                         types::BitsetView excluded) {
  const std::size_t dim = query.size();
  std::vector<Neighbor> all;
  for (std::size_t row = 0; row * dim < vectors.size(); ++row) {
    if (excluded.Test(row)) continue;
    all.push_back({static_cast<float>(PlainDistance(
                       metric, query.data(), vectors.data() + row * dim, dim)),
                   static_cast<std::uint32_t>(row)});
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace elanus::index

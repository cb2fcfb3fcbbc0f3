// Rows for tests of the interim indexes, and the plain way to search them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "index/testing/random_vectors.h"
#include "index/vector/brute_force.h"
#include "index/vector/vector_index.h"
#include "types/metric.h"

namespace elanus::index {

inline constexpr types::MetricType kMetrics[] = {
    types::MetricType::kL2, types::MetricType::kIp, types::MetricType::kCosine};

// Points around centres, as embeddings lie.
inline std::vector<float> Clustered(std::size_t rows, std::size_t dim,
                                    std::uint64_t seed) {
  const auto centres = RandomVectors(100, dim, 99);
  auto points = RandomVectors(rows, dim, seed);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t centre = row * 7919 % 100;
    for (std::size_t i = 0; i < dim; ++i) {
      points[row * dim + i] =
          centres[centre * dim + i] + 0.5F * points[row * dim + i];
    }
  }
  return points;
}

struct Data {
  std::vector<float> vectors;
  std::size_t dim = 0;

  std::size_t rows() const { return vectors.size() / dim; }
  VectorBlock Block(std::size_t rows) const {
    return {.data = vectors.data(), .rows = rows};
  }
};

inline std::vector<Neighbor> Scan(const Data& data, types::MetricType metric,
                                  std::span<const float> query,
                                  std::size_t rows, std::size_t k,
                                  types::BitsetView excluded) {
  const VectorBlock block = data.Block(rows);
  std::vector<float> distances(k);
  std::vector<std::uint32_t> found(k);
  EXPECT_TRUE(
      BruteForceSearch({}, {.blocks = std::span(&block, 1), .dim = data.dim},
                       metric, {.queries = query, .k = k, .excluded = excluded},
                       {.distances = distances, .rows = found})
          .ok());
  std::vector<Neighbor> hits;
  for (std::size_t i = 0; i < k && found[i] != kNoRow; ++i) {
    hits.push_back({distances[i], found[i]});
  }
  return hits;
}

// Of `want`, what is in `got`.
inline double Share(const std::vector<Neighbor>& got,
                    const std::vector<Neighbor>& want) {
  double found = 0;
  for (const Neighbor& hit : want) {
    if (std::ranges::count(got, hit.row, &Neighbor::row) != 0) found += 1;
  }
  return found / static_cast<double>(want.size());
}

}  // namespace elanus::index

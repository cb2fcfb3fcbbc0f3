// Seeded rows of bits for tests, and the plain way to compare them.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "index/vector/vector_index.h"

namespace elanus::index {

inline std::vector<std::byte> RandomBits(std::size_t bytes,
                                         std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::byte> bits(bytes);
  // Few bits set: parts and wholes occur.
  for (std::byte& byte : bits) {
    byte = static_cast<std::byte>(random() & random() & random());
  }
  return bits;
}

// Rows around `centres` others: each is one of them with one bit in `flips`
// turned. Centres are drawn from `centre_seed`.
inline std::vector<std::byte> ClusteredBits(std::size_t rows, std::size_t width,
                                            std::size_t centres,
                                            std::uint64_t flips,
                                            std::uint64_t centre_seed,
                                            std::uint64_t seed) {
  const auto middle = RandomBits(centres * width, centre_seed);
  std::mt19937_64 random(seed);
  std::vector<std::byte> bits(rows * width);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t centre = random() % centres;
    for (std::size_t i = 0; i < width * 8; ++i) {
      const std::byte mask{static_cast<unsigned char>(1U << i % 8)};
      std::byte& to = bits[row * width + i / 8];
      to |= middle[centre * width + i / 8] & mask;
      if (random() % flips == 0) to ^= mask;
    }
  }
  return bits;
}

// The distance as the metric's definition says; kNoDistance for no match.
inline float PlainBits(types::MetricType metric, const std::byte* query,
                       const std::byte* row, std::size_t bytes) {
  int both = 0;
  int either = 0;
  int query_bits = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    const auto a = std::to_integer<unsigned>(query[i]);
    const auto b = std::to_integer<unsigned>(row[i]);
    both += std::popcount(a & b);
    either += std::popcount(a | b);
    query_bits += std::popcount(a);
  }
  if (metric == types::MetricType::kHamming) {
    return static_cast<float>(either - both);
  }
  if (metric == types::MetricType::kSubstructure) {
    return either == query_bits ? 0 : kNoDistance;
  }
  if (metric == types::MetricType::kSuperstructure) {
    return both == query_bits ? 0 : kNoDistance;
  }
  if (either == 0) return 1;
  return static_cast<float>(either - both) / static_cast<float>(either);
}

// All rows that are in, nearest first.
inline std::vector<Neighbor> PlainBitSearch(types::MetricType metric,
                                            std::span<const std::byte> bits,
                                            std::span<const std::byte> query,
                                            types::BitsetView excluded) {
  const std::size_t width = query.size();
  std::vector<Neighbor> all;
  for (std::uint32_t row = 0; row * width < bits.size(); ++row) {
    const float distance =
        PlainBits(metric, query.data(), bits.data() + row * width, width);
    if (distance == kNoDistance || excluded.Test(row)) continue;
    all.push_back({distance, row});
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace elanus::index

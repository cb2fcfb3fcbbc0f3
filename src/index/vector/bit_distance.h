// Distances of a query to rows of bits that follow each other.
//
//   BitDistances(types::MetricType::kJaccard, query, rows, width, count, out);
//
// HAMMING: differing bits. JACCARD: 1 - shared / all set bits, 1 if none is
// set.
//
// Threads: pure.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "simd/bits.h"
#include "types/metric.h"

namespace elanus::index {

// Of `either` bits that are set in one or the other, `both` are in both.
inline float JaccardDistance(std::uint32_t both, std::uint32_t either) {
  if (either == 0) return 1;
  return static_cast<float>(either - both) / static_cast<float>(either);
}

// `metric`: HAMMING or JACCARD. `width`: bytes of a row.
inline void BitDistances(types::MetricType metric, const std::uint8_t* query,
                         const std::uint8_t* rows, std::size_t width,
                         std::size_t count, float* out) {
  constexpr std::size_t kTileRows = 128;
  std::array<std::uint32_t, kTileRows> both;
  std::array<std::uint32_t, kTileRows> either;
  const simd::BitKernels& kernels = simd::Bits();
  for (std::size_t at = 0; at < count; at += kTileRows) {
    const std::size_t tile = std::min(kTileRows, count - at);
    const std::uint8_t* const from = rows + at * width;
    if (metric == types::MetricType::kHamming) {
      kernels.differing(query, from, width, tile, both.data());
      for (std::size_t i = 0; i < tile; ++i) {
        out[at + i] = static_cast<float>(both[i]);
      }
      continue;
    }
    kernels.shared(query, from, width, tile, both.data(), either.data());
    for (std::size_t i = 0; i < tile; ++i) {
      out[at + i] = JaccardDistance(both[i], either[i]);
    }
  }
}

}  // namespace elanus::index

// A table of rows of bits that many others are compared with: centroids.
//
//   const BitTable table(types::MetricType::kHamming, bytes, count, width);
//   const Neighbor nearest = table.Nearest(row);
//
// Threads:   from any thread.
// Ownership: borrows the bytes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "index/vector/bit_distance.h"
#include "index/vector/vector_index.h"
#include "types/metric.h"

namespace elanus::index {

class BitTable {
 public:
  // `metric`: HAMMING or JACCARD. `bytes`: count * width.
  BitTable(types::MetricType metric, const std::uint8_t* bytes,
           std::size_t count, std::size_t width)
      : metric_(metric), bytes_(bytes), count_(count), width_(width) {}

  std::size_t rows() const { return count_; }

  // out[r] = the distance of row r.
  void Scores(const std::uint8_t* query, float* out) const {
    BitDistances(metric_, query, bytes_, width_, count_, out);
  }

  // The first of equals. The table must not be empty.
  Neighbor Nearest(const std::uint8_t* query) const {
    constexpr std::size_t kTileRows = 128;
    std::array<float, kTileRows> distances{};
    Neighbor best;
    for (std::size_t at = 0; at < count_; at += kTileRows) {
      const std::size_t count = std::min(kTileRows, count_ - at);
      BitDistances(metric_, query, bytes_ + at * width_, width_, count,
                   distances.data());
      for (std::size_t i = 0; i < count; ++i) {
        if (distances[i] < best.distance) {
          best = {distances[i], static_cast<std::uint32_t>(at + i)};
        }
      }
    }
    return best;
  }

 private:
  const types::MetricType metric_;
  const std::uint8_t* const bytes_;
  const std::size_t count_;
  const std::size_t width_;
};

}  // namespace elanus::index

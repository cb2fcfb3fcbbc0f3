// A table of vectors that many others are compared with: centroids, codewords.
//
//   const PackedTable table({centroids.data(), dim}, count, dim,
//                           TableScore::kL2);
//   std::vector<std::uint32_t> nearest(n);
//   table.Nearest({points, dim}, n, nearest.data(), nullptr);
//
// Threads:   const methods from any thread.
// Ownership: keeps its own packed copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "simd/packed_rows.h"

namespace elanus::index {

enum class TableScore {
  kL2,      // |row|^2 - 2 <query, row>: the distance less |query|^2
  kNegDot,  // -<query, row>
};

class PackedTable {
 public:
  PackedTable() = default;
  PackedTable(simd::RowTable rows, std::size_t count, std::size_t dim,
              TableScore score);

  std::size_t rows() const { return rows_; }
  // How many scores a query gets: rows() rounded up; those behind are
  // infinite.
  std::size_t width() const { return panels_ * simd::kPanelRows; }
  std::size_t memory_bytes() const {
    return (values_.size() + bias_.size()) * sizeof(float);
  }

  // out[q * width() + r]
  void Scores(simd::RowTable queries, std::size_t count, float* out) const;

  // The row with the smallest score for each query (the first of equals), and
  // that score unless `scores` is null.
  void Nearest(simd::RowTable queries, std::size_t count,
               std::uint32_t* nearest, float* scores) const;

  // The same among the rows of some panels, of which there must be one; row r
  // is in panel r / kPanelRows. At most kTileQueries queries.
  void NearestAmong(std::span<const std::uint32_t> panels,
                    simd::RowTable queries, std::size_t count,
                    std::uint32_t* nearest, float* scores) const;

  // A tile of scores stays in the second-level cache.
  static constexpr std::size_t kTileQueries = 48;

 private:
  simd::Panels PanelsFrom(std::size_t panel, std::size_t count) const;
  void NearestOfTile(simd::RowTable queries, std::size_t count,
                     std::vector<float>& tile, std::uint32_t* nearest,
                     float* scores) const;

  std::size_t rows_ = 0;
  std::size_t dim_ = 0;
  std::size_t panels_ = 0;
  float factor_ = -1.0F;
  std::vector<float> values_;
  std::vector<float> bias_;
};

}  // namespace elanus::index

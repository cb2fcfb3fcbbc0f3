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

 private:
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

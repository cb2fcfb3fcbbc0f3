#include "index/quantization/packed_table.h"

#include <algorithm>
#include <array>

#include "index/vector/vector_index.h"
#include "simd/distance.h"

namespace elanus::index {
namespace {

constexpr std::size_t kTilePanels = 32;

}  // namespace

PackedTable::PackedTable(simd::RowTable rows, std::size_t count,
                         std::size_t dim, TableScore score)
    : rows_(count),
      dim_(dim),
      panels_((count + simd::kPanelRows - 1) / simd::kPanelRows),
      factor_(score == TableScore::kL2 ? -2.0F : -1.0F),
      values_(panels_ * dim * simd::kPanelRows),
      bias_(panels_ * simd::kPanelRows, kNoDistance) {
  for (std::size_t row = 0; row < count; ++row) {
    const float* from = rows.data + row * rows.stride;
    float* to = values_.data() +
                row / simd::kPanelRows * dim * simd::kPanelRows +
                row % simd::kPanelRows;
    for (std::size_t d = 0; d < dim; ++d) to[d * simd::kPanelRows] = from[d];
    bias_[row] =
        score == TableScore::kL2 ? simd::Kernels().dot(from, from, dim) : 0.0F;
  }
}

void PackedTable::Scores(simd::RowTable queries, std::size_t count,
                         float* out) const {
  simd::ChoosePackedKernels().scores(queries, count,
                                     {values_.data(), bias_.data(), panels_},
                                     dim_, factor_, out);
}

simd::Panels PackedTable::PanelsFrom(std::size_t panel,
                                     std::size_t count) const {
  return {values_.data() + panel * dim_ * simd::kPanelRows,
          bias_.data() + panel * simd::kPanelRows, count};
}

void PackedTable::NearestOfTile(simd::RowTable queries, std::size_t count,
                                std::vector<float>& tile,
                                std::uint32_t* nearest, float* scores) const {
  const simd::PackedKernels& kernels = simd::ChoosePackedKernels();
  for (std::size_t panel = 0; panel < panels_; panel += kTilePanels) {
    const simd::Panels panels =
        PanelsFrom(panel, std::min(kTilePanels, panels_ - panel));
    const std::size_t width = panels.count * simd::kPanelRows;
    tile.resize(count * width);
    kernels.scores(queries, count, panels, dim_, factor_, tile.data());
    for (std::size_t q = 0; q < count; ++q) {
      const float* row = tile.data() + q * width;
      const std::size_t found = kernels.smallest(row, width);
      if (panel != 0 && !(row[found] < scores[q])) continue;
      scores[q] = row[found];
      nearest[q] = static_cast<std::uint32_t>(panel * simd::kPanelRows + found);
    }
  }
}

void PackedTable::NearestAmong(std::span<const std::uint32_t> panels,
                               simd::RowTable queries, std::size_t count,
                               std::uint32_t* nearest, float* scores) const {
  const simd::PackedKernels& kernels = simd::ChoosePackedKernels();
  std::array<float, kTileQueries * simd::kPanelRows> tile;
  std::fill_n(scores, count, kNoDistance);
  std::fill_n(nearest, count, panels.front() * simd::kPanelRows);
  for (const std::uint32_t panel : panels) {
    kernels.scores(queries, count, PanelsFrom(panel, 1), dim_, factor_,
                   tile.data());
    for (std::size_t q = 0; q < count; ++q) {
      const float* row = tile.data() + q * simd::kPanelRows;
      const std::size_t found = kernels.smallest(row, simd::kPanelRows);
      if (!(row[found] < scores[q])) continue;
      scores[q] = row[found];
      nearest[q] = static_cast<std::uint32_t>(panel * simd::kPanelRows + found);
    }
  }
}

void PackedTable::Nearest(simd::RowTable queries, std::size_t count,
                          std::uint32_t* nearest, float* scores) const {
  std::vector<float> tile;
  float own[kTileQueries];
  for (std::size_t q = 0; q < count; q += kTileQueries) {
    NearestOfTile({queries.data + q * queries.stride, queries.stride},
                  std::min(kTileQueries, count - q), tile, nearest + q,
                  scores == nullptr ? own : scores + q);
  }
  // Values that are no numbers make every score one: then any row will do.
  for (std::size_t q = 0; q < count; ++q) {
    if (nearest[q] >= rows_) nearest[q] = 0;
  }
}

}  // namespace elanus::index

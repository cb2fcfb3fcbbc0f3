#include "index/vector/hnsw/placed_rows.h"

#include <algorithm>
#include <span>
#include <utility>

#include "index/vector/hnsw/row_order.h"
#include "index/vector/vector_index.h"
#include "types/bitset.h"

namespace elanus::index {
namespace {

// Cycle by cycle: one row at a time is held aside.
void PutVectorsInOrder(std::span<const std::uint32_t> order, float* vectors,
                       std::size_t stride, std::size_t dim) {
  const auto at = [&](std::size_t place) { return vectors + place * stride; };
  std::vector<float> aside(dim);
  types::Bitset done(order.size());
  for (std::size_t first = 0; first < order.size(); ++first) {
    if (done.Test(first)) continue;
    std::copy_n(at(first), dim, aside.data());
    std::size_t place = first;
    for (; order[place] != first; place = order[place]) {
      std::copy_n(at(order[place]), dim, at(place));
      done.Set(place);
    }
    std::copy_n(aside.data(), dim, at(place));
    done.Set(place);
  }
}

}  // namespace

void PlacedRows::PutInOrder(std::vector<std::uint32_t> order, float* vectors,
                            std::size_t stride, std::size_t dim) {
  PutVectorsInOrder(order, vectors, stride, dim);
  const std::vector<std::uint8_t> old_levels = std::move(levels);
  levels.clear();
  for (const std::uint32_t row : order) levels.push_back(old_levels[row]);
  if (!next_equal.empty()) {
    const std::vector<std::uint32_t> positions = PositionsOf(order);
    const std::vector<std::uint32_t> old_next = std::move(next_equal);
    next_equal.clear();
    for (const std::uint32_t row : order) {
      const std::uint32_t next = old_next[row];
      next_equal.push_back(next == kNoRow ? kNoRow : positions[next]);
    }
  }
  numbers = std::move(order);
}

}  // namespace elanus::index

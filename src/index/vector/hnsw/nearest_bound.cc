#include "index/vector/hnsw/nearest_bound.h"

#include <algorithm>
#include <cmath>

#include "simd/packed_rows.h"

namespace elanus::index {
namespace {

constexpr int kHalvings = 16;

}  // namespace

NearestBound BoundOfSmallest(std::span<const float> values, std::size_t wanted,
                             std::uint32_t* places) {
  if (values.empty()) return {};
  const simd::CollectKernel collect = simd::ChoosePackedKernels().collect;
  const auto within = [&](float bound) {
    return collect(values.data(), values.size(), bound, places);
  };
  const auto [least, most] = std::ranges::minmax(values);
  const std::size_t enough = std::min(wanted, values.size());
  float below = least;
  float bound = most;
  // Between infinities there is no middle.
  for (int i = 0; i < kHalvings && std::isfinite(bound - below); ++i) {
    const float middle = below + (bound - below) / 2;
    const std::size_t count = within(middle);
    if (count >= enough && count <= enough + enough / 16) {
      return {.bound = middle, .count = count};
    }
    (count < enough ? below : bound) = middle;
  }
  return {.bound = bound, .count = within(bound)};
}

}  // namespace elanus::index

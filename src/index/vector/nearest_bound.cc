#include "index/vector/nearest_bound.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "simd/packed_rows.h"

namespace elanus::index {
namespace {

constexpr int kHalvings = 16;

// Without a branch, which could not be foretold. NaN is neither.
std::pair<float, float> RangeOf(std::span<const float> values) {
  constexpr std::size_t kChains = 4;
  std::array<float, kChains> least;
  std::array<float, kChains> most;
  least.fill(values[0]);
  most.fill(values[0]);
  std::size_t i = 0;
  for (; i + kChains <= values.size(); i += kChains) {
    for (std::size_t j = 0; j < kChains; ++j) {
      least[j] = std::min(least[j], values[i + j]);
      most[j] = std::max(most[j], values[i + j]);
    }
  }
  for (; i < values.size(); ++i) {
    least[0] = std::min(least[0], values[i]);
    most[0] = std::max(most[0], values[i]);
  }
  return {std::ranges::min(least), std::ranges::max(most)};
}

}  // namespace

NearestBound BoundOfSmallest(std::span<const float> values, std::size_t wanted,
                             std::uint32_t* places) {
  if (values.empty()) return {};
  const simd::CollectKernel collect = simd::ChoosePackedKernels().collect;
  const auto within = [&](float bound) {
    return collect(values.data(), values.size(), bound, places);
  };
  const auto [least, most] = RangeOf(values);
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

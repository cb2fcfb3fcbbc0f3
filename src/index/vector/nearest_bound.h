// Which of many values are the smallest, by halving the range that they lie in:
// a few passes of vector instructions, where a heap is slow for the first of
// many values, and a sort for all.
//
//   places.resize(values.size() + kPlacesSlack);
//   const NearestBound nearest = BoundOfSmallest(values, 16, places.data());
//   ... places[0] to places[nearest.count - 1], in rising order
//
// Threads: pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace elanus::index {

// What is written behind the last place.
inline constexpr std::size_t kPlacesSlack = 16;

struct NearestBound {
  float bound = 0;
  std::size_t count = 0;  // of the values that are not above it
};

// At least min(`wanted`, all) of the values are not above the bound, and not
// many more as a rule; `places` gets where they are. No value may be no number.
NearestBound BoundOfSmallest(std::span<const float> values, std::size_t wanted,
                             std::uint32_t* places);

}  // namespace elanus::index

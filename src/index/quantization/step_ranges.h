// The range of each dimension of a sample, cut into equal steps: what codes of
// whole numbers a dimension are made by.
//
// Threads: pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace elanus::index {

// The lowest values of all dimensions, then the steps of all: `steps` of them
// lead from the lowest to the highest value. Zeros without rows.
std::vector<float> StepRanges(const std::vector<float>& sample,
                              std::size_t rows, std::size_t dim, float steps);

// The step nearest to a value; one that is no number becomes the lowest.
inline unsigned StepOf(float value, float lowest, float step, float steps) {
  const float place = step > 0 ? (value - lowest) / step : 0.0F;
  return static_cast<unsigned>(place > 0 ? std::min(place + 0.5F, steps)
                                         : 0.0F);
}

}  // namespace elanus::index

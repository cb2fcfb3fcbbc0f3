#include "index/quantization/step_ranges.h"

#include <algorithm>

namespace elanus::index {

std::vector<float> StepRanges(const std::vector<float>& sample,
                              std::size_t rows, std::size_t dim, float steps) {
  std::vector<float> ranges(2 * dim);
  for (std::size_t d = 0; d < dim && rows != 0; ++d) {
    float low = sample[d];
    float high = sample[d];
    for (std::size_t i = 1; i < rows; ++i) {
      low = std::min(low, sample[i * dim + d]);
      high = std::max(high, sample[i * dim + d]);
    }
    ranges[d] = low;
    ranges[dim + d] = (high - low) / steps;
  }
  return ranges;
}

}  // namespace elanus::index

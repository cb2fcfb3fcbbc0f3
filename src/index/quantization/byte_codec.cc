#include "index/quantization/byte_codec.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

#include "index/vector/parallel.h"

namespace elanus::index {
namespace {

constexpr float kMiddleCode = 128;
constexpr float kMaxCode = 255;
constexpr float kMaxWeight = 127;
// Rows looked at: more do not move the bounds.
constexpr std::size_t kMaxSample = 10000;
// The bulk of the values leaves out so many at each end; what lies farther from
// it than a part of its width is an outlier, and cut off.
constexpr std::size_t kValuesPerExtreme = 2000;
constexpr std::size_t kMinRowsToCut = 100;
constexpr float kMargin = 0.3F;

// Reorders the values, of which there must be some.
std::pair<float, float> Bounds(std::vector<float>& values) {
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  const float least = *min;
  const float largest = *max;
  if (values.size() < kMinRowsToCut) return {least, largest};
  const auto cut =
      static_cast<std::ptrdiff_t>(values.size() / kValuesPerExtreme + 1);
  const auto low = values.begin() + cut;
  const auto high = values.end() - 1 - cut;
  std::nth_element(values.begin(), low, values.end());
  std::nth_element(low + 1, high, values.end());
  const float margin = (*high - *low) * kMargin;
  return {std::max(least, *low - margin), std::min(largest, *high + margin)};
}

}  // namespace

void ByteCodec::Encode(const float* x, std::uint8_t* code) const {
  for (std::size_t d = 0; d < dim(); ++d) {
    const float place = (x[d] - middle_[d]) / step_[d] + kMiddleCode;
    // In this order no number becomes 0.
    const float inside = std::min(std::max(0.0F, place), kMaxCode);
    code[d] = static_cast<std::uint8_t>(inside + 0.5F);
  }
}

float ByteCodec::Term(const std::uint8_t* code) const {
  if (metric_ != types::MetricType::kL2) return 0;
  float sum = 0;
  for (std::size_t d = 0; d < dim(); ++d) {
    const float value = (static_cast<float>(code[d]) - kMiddleCode) * step_[d];
    sum += value * value;
  }
  return sum;
}

void ByteCodec::Bind(const float* q, ByteQuery& query) const {
  const bool is_l2 = metric_ == types::MetricType::kL2;
  float largest = 0;
  float square = 0;
  float product = 0;
  for (std::size_t d = 0; d < dim(); ++d) {
    const float p = is_l2 ? q[d] - middle_[d] : q[d];
    square += p * p;
    product += q[d] * middle_[d];
    largest = std::max(largest, std::abs(p * step_[d]));
  }
  // A query of zeros, or of what is no number, is near to nothing.
  const float unit = std::isnormal(largest) ? largest / kMaxWeight : 0.0F;
  const float inverse = unit > 0 ? 1 / unit : 0.0F;
  query.weights.resize(dim());
  float weights = 0;
  for (std::size_t d = 0; d < dim(); ++d) {
    const float p = is_l2 ? q[d] - middle_[d] : q[d];
    const float weight = std::clamp(std::nearbyint(p * step_[d] * inverse),
                                    -kMaxWeight, kMaxWeight);
    query.weights[d] =
        std::isnan(weight) ? std::int8_t{0} : static_cast<std::int8_t>(weight);
    weights += static_cast<float>(query.weights[d]);
  }
  query.scale = is_l2 ? -2 * unit : -unit;
  query.base =
      (is_l2 ? square : -product) - query.scale * kMiddleCode * weights;
}

absl::Status TrainByteCodec(const base::OpContext& ctx, const float* data,
                            std::size_t stride, std::size_t rows,
                            std::span<float> middle, std::span<float> step,
                            const BuildOptions& options) {
  const std::size_t every = rows / kMaxSample + 1;
  std::atomic<std::size_t> next{0};
  const auto train = [&](std::size_t) -> absl::Status {
    std::vector<float> values;
    for (std::size_t d = next++; d < middle.size(); d = next++) {
      RETURN_IF_ERROR(ctx.Check());
      values.clear();
      for (std::size_t row = 0; row < rows; row += every) {
        const float value = data[row * stride + d];
        if (std::isfinite(value)) values.push_back(value);
      }
      if (values.empty()) values.push_back(0);
      const auto [low, high] = Bounds(values);
      const float width = (high - low) / kMaxCode;
      // A dimension of equal values, or of absurd ones, tells nothing.
      const bool tells = std::isnormal(width);
      step[d] = tells ? width : 1.0F;
      middle[d] = tells ? low + kMiddleCode * width : low;
    }
    return absl::OkStatus();
  };
  return WorkTogether(options.executor, options.max_threads, train);
}

}  // namespace elanus::index

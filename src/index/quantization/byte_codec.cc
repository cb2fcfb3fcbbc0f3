#include "index/quantization/byte_codec.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "index/vector/parallel.h"
#include "index/vector/rounding.h"
#include "simd/byte_weights.h"

namespace elanus::index {
namespace {

constexpr float kMiddleCode = 128;
constexpr float kMaxCode = 255;
// What of a weight's unit can be lost where it is computed: 2^-24 of 127 units
// for each of three operations.
constexpr double kLostOfUnit = 2.5e-5;
// Of a value whose square is too small for a float.
constexpr double kLostOfSquare = 1e-22;
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

ByteCodec::ByteCodec(types::MetricType metric, std::span<const float> middle,
                     std::span<const float> step)
    : metric_(metric), middle_(middle), step_(step) {
  double square = 0;
  for (const float value : middle) square += double{value} * double{value};
  middle_length_ = std::sqrt(square);
  for (const float value : step) {
    largest_step_ = std::max(largest_step_, double{value});
  }
}

void ByteCodec::Encode(const float* x, std::uint8_t* code) const {
  for (std::size_t d = 0; d < dim(); ++d) {
    const float place = (x[d] - middle_[d]) / step_[d] + kMiddleCode;
    // In this order no number becomes 0.
    const float rounded = std::min(std::max(0.0F, place), kMaxCode) + 0.5F;
    code[d] = static_cast<std::uint8_t>(rounded);
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
  const simd::ByteWeightKernels& kernels = simd::ByteWeights();
  const bool is_l2 = metric_ == types::MetricType::kL2;
  const simd::PlaceSums place = kernels.measure(q, scale(), is_l2);
  // A query of zeros, or of what is no number, is near to nothing.
  const float unit = simd::UnitOf(place.largest_weight);
  query.weights.resize(dim());
  const simd::WeightSums weights =
      kernels.weigh(q, scale(), is_l2, unit, query.weights.data());
  SetTerms(place, unit, weights.sum, query);
  const double more = 1 + SumError(dim());
  const double least = std::sqrt(static_cast<double>(dim())) * kLostOfSquare;
  query.length = RoundUp(std::sqrt(double{place.square}) * more + least);
  query.magnitude = RoundUp(double{weights.magnitude} * more);
  query.error = RoundUp(std::sqrt(double{weights.off_square}) * more +
                        std::sqrt(static_cast<double>(dim())) * kLostOfUnit *
                            double{unit} +
                        least);
}

void ByteCodec::BindCode(const std::uint8_t* code, ByteQuery& query) const {
  query.weights.resize(dim());
  const simd::CodeSums sums = simd::ByteWeights().weigh_code(
      code, scale(), metric_ == types::MetricType::kL2, query.weights.data());
  SetTerms(sums.place, sums.unit, sums.sum, query);
}

void ByteCodec::SetTerms(const simd::PlaceSums& place, float unit,
                         float weights, ByteQuery& query) const {
  const bool is_l2 = metric_ == types::MetricType::kL2;
  query.scale = is_l2 ? -2 * unit : -unit;
  query.base = (is_l2 ? place.square : -place.product) -
               query.scale * kMiddleCode * weights;
}

float ByteCodec::ErrorOf(const float* x, const std::uint8_t* code) const {
  // The square of a longer one may leave float32's range.
  constexpr double kLongest = 1e18;
  double error = 0;
  double length = 0;
  for (std::size_t d = 0; d < dim(); ++d) {
    const double coded =
        middle_[d] +
        (static_cast<double>(code[d]) - kMiddleCode) * double{step_[d]};
    error += (x[d] - coded) * (x[d] - coded);
    length += double{x[d]} * double{x[d]};
  }
  length = std::sqrt(length);
  if (!(length < kLongest)) return std::numeric_limits<float>::infinity();
  const double lost =
      metric_ == types::MetricType::kL2 ? 0 : SumError(dim()) * length;
  return RoundUp(std::sqrt(error) * (1 + kSlack) + lost);
}

double ByteCodec::LengthOf(std::span<const std::uint8_t> code) {
  double square = 0;
  for (const std::uint8_t value : code) {
    const double c = static_cast<double>(value) - kMiddleCode;
    square += c * c;
  }
  return std::sqrt(square);
}

double ByteCodec::ErrorOf(const ByteQuery& query, double longest_code) const {
  const bool is_l2 = metric_ == types::MetricType::kL2;
  // What the parts of the sum can amount to, for their rounding.
  const double row =
      is_l2 ? longest_code * largest_step_ * longest_code * largest_step_
            : double{query.length} * middle_length_;
  const double size =
      std::abs(double{query.base}) +
      std::abs(double{query.scale}) * kMaxCode * double{query.magnitude} + row;
  return (is_l2 ? 2 : 1) * double{query.error} * longest_code * (1 + kSlack) +
         SumError(dim()) * size;
}

absl::Status TrainByteCodec(const base::OpContext& ctx, const float* data,
                            std::size_t stride, std::size_t rows,
                            std::span<float> middle, std::span<float> step,
                            const BuildOptions& options) {
  const std::size_t every = rows / kMaxSample + 1;
  Turns turns(0, middle.size(), 1);
  const auto train = [&](std::size_t) -> absl::Status {
    std::vector<float> values;
    while (const auto turn = turns.Next()) {
      RETURN_IF_ERROR(ctx.Check());
      const std::size_t d = turn->begin;
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

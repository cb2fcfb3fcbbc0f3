#include "index/quantization/sketch_codec.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "index/vector/rounding.h"
#include "simd/byte_weights.h"
#include "simd/distance.h"

namespace elanus::index {
namespace {

constexpr std::uint64_t kSeed = 1;
// Up to so many dimensions get two bits: one would leave too many rows.
constexpr std::size_t kMaxTwoBitDim = 224;
// The best of four equal steps for a normal variable, in standard deviations:
// J. Max, "Quantizing for minimum distortion", IRE Trans. IT 6(1), 1960.
constexpr double kStep = 0.9957;
constexpr std::size_t kLine = 64;
// Records that nearly fill cache lines get whole ones.
constexpr std::size_t kFillTo = 16;

constexpr float kLeastWeighed = 1e-18F;
// How much of |r| |p| / c the rounding of a query may cost where the record
// leaves room for it, and what that of the gain can cost besides.
constexpr double kWeightsError = 0.01;
constexpr double kGainError = 0.004;

std::size_t PlanesOf(std::size_t dim) { return dim <= kMaxTwoBitDim ? 2 : 1; }

std::uint16_t UpperHalf(float value) {
  return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
}
float FromUpperHalf(std::uint16_t upper) {
  return std::bit_cast<float>(std::uint32_t{upper} << 16);
}

// The nearest bfloat16 away from zero, or towards it.
std::uint16_t AwayFromZero(float value) {
  const std::uint16_t upper = UpperHalf(value);
  if (FromUpperHalf(upper) == value || !std::isfinite(value)) return upper;
  return static_cast<std::uint16_t>(upper + 1);
}
std::uint16_t TowardsZero(float value) {
  return std::isnan(value) ? UpperHalf(std::numeric_limits<float>::quiet_NaN())
                           : UpperHalf(value);
}
std::uint16_t AtMost(double value) {
  const auto rounded = static_cast<float>(value);
  return value < 0 ? AwayFromZero(rounded) : TowardsZero(rounded);
}
std::uint16_t AtLeast(double value) { return AwayFromZero(RoundUp(value)); }
std::uint16_t Nearest(double value) {
  const auto rounded = static_cast<float>(value);
  if (!std::isfinite(rounded)) return UpperHalf(rounded);
  const auto bits = std::bit_cast<std::uint32_t>(rounded);
  return static_cast<std::uint16_t>((bits + 0x8000) >> 16);
}

// What sums in float32 lose of their parts, generously.
double LostOf(std::size_t dim) { return std::max(1e-5, SumError(dim)); }

bool AreNumbers(std::span<const std::uint16_t> uppers) {
  return std::ranges::all_of(uppers, [](std::uint16_t upper) {
    return std::isfinite(FromUpperHalf(upper));
  });
}

double Product(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t d = 0; d < a.size(); ++d) sum += double{a[d]} * double{b[d]};
  return sum;
}

}  // namespace

SketchCodec::SketchCodec(types::MetricType metric,
                         std::span<const float> middle)
    : metric_(metric),
      middle_(middle),
      planes_(PlanesOf(middle.size())),
      middle_length_(std::sqrt(Product(middle, middle))),
      rotation_(middle.size(), kSeed),
      ones_(middle.size(), 1.0F) {}

std::size_t SketchCodec::StrideOf(std::size_t dim) {
  const std::size_t bytes = PlanesOf(dim) * ((dim + 7) / 8) + simd::kSketchTail;
  const std::size_t lines = (bytes + kLine - 1) / kLine * kLine;
  return lines - bytes <= kFillTo ? lines : (bytes + 7) / 8 * 8;
}

std::vector<float> SketchCodec::Turned(const float* vector) const {
  std::vector<float> turned(dim());
  for (std::size_t d = 0; d < dim(); ++d) turned[d] = vector[d] - middle_[d];
  rotation_.Apply(turned.data());
  return turned;
}

std::uint8_t SketchCodec::CodeOf(float value, float step) const {
  if (planes_ == 1) return value >= 0 ? 1 : 0;
  const auto inner = static_cast<std::uint8_t>(std::abs(value) < step ? 0 : 1);
  return value >= 0 ? 2 + inner : 1 - inner;
}

void SketchCodec::Encode(const float* x, std::uint8_t* record) const {
  const std::vector<float> r = Turned(x);
  const std::size_t plane_bytes = (dim() + 7) / 8;
  std::memset(record, 0, StrideOf(dim()));
  const double square = Product(r, r);
  const auto step = static_cast<float>(
      kStep * std::sqrt(square / static_cast<double>(dim())));
  double along = 0;        // <v, r>
  double code_square = 0;  // |v|^2
  for (std::size_t d = 0; d < dim(); ++d) {
    const std::uint8_t code = CodeOf(r[d], step);
    for (std::size_t p = 0; p < planes_; ++p) {
      std::uint8_t& bits = record[p * plane_bytes + d / 8];
      bits = static_cast<std::uint8_t>(bits | (code >> p & 1) << d % 8);
    }
    const double v = code - double{middle_code()};
    along += v * double{r[d]};
    code_square += v * v;
  }
  const bool is_l2 = metric_ == types::MetricType::kL2;
  const double times = is_l2 ? 2 : 1;
  double gain = 0;
  double error = 0;
  if (square > 0) {
    gain = times * square / along;
    const double stretched =
        square * std::sqrt(code_square) / along;  // |r| / c
    const double sine_square = 1 - square / (stretched * stretched);
    error = times * stretched *
            (kSigmas * std::sqrt(std::max(0.0, sine_square) /
                                 static_cast<double>(dim() - 1)) +
             kWeightsError + kGainError);
  }
  // -<x - m, m>
  const double bias = is_l2 ? square
                            : middle_length_ * middle_length_ -
                                  Product(std::span(x, dim()), middle_);
  std::uint16_t tail[] = {Nearest(gain),
                          AtMost(bias - std::abs(bias) * LostOf(dim())),
                          AtLeast(error)};
  if (!std::isfinite(square) || !AreNumbers(tail)) {
    // Nothing is proven.
    tail[0] = tail[2] = 0;
    tail[1] = UpperHalf(-std::numeric_limits<float>::infinity());
  }
  static_assert(sizeof(tail) == simd::kSketchTail);
  std::memcpy(record + planes_ * plane_bytes, tail, sizeof(tail));
}

SketchQuery SketchCodec::Bind(const float* query, float room) const {
  const simd::DistanceKernels& kernels = simd::Kernels();
  const double lost = LostOf(dim());
  const std::vector<float> p = Turned(query);
  SketchQuery bound;
  bound.weights_.resize((dim() + simd::kSketchWeights - 1) /
                        simd::kSketchWeights * simd::kSketchWeights);
  const double square = double{kernels.dot(p.data(), p.data(), dim())};
  if (!std::isfinite(square)) {
    // Nothing is proven.
    bound.terms_.base = -std::numeric_limits<float>::infinity();
    return bound;
  }
  const simd::ByteWeightKernels& weigh = simd::ByteWeights();
  const simd::CodeScale scale = {p.data(), ones_.data(), dim()};
  const float largest =
      weigh.measure(p.data(), scale, /*from_middle=*/false).largest_weight;
  // Less is nothing, to float32 sums.
  const float unit =
      largest > kLeastWeighed ? largest / simd::kMaxByteWeight : 1.0F;
  const simd::WeightSums weights = weigh.weigh(
      p.data(), scale, /*from_middle=*/false, unit, bound.weights_.data());
  double base = square * (1 - lost);
  if (metric_ == types::MetricType::kIp) {
    const double length = std::sqrt(double{kernels.dot(query, query, dim())});
    base = -double{kernels.dot(query, middle_.data(), dim())} -
           lost * length * middle_length_;
  }
  const double off = std::sqrt(double{weights.off_square}) / kWeightsError;
  // What is not weighed, or whose square is too small for a float.
  const double least =
      double{kLeastWeighed} * std::sqrt(static_cast<double>(dim()));
  bound.terms_ = {
      .weights = nullptr,
      .base = static_cast<float>(base),
      .scale = unit,
      .shift = -unit * middle_code() * weights.sum,
      .reach = room *
               RoundUp((1 + lost) * std::max({std::sqrt(square), off, least}))};
  return bound;
}

}  // namespace elanus::index

#include "simd/byte_weights.h"

#include <algorithm>
#include <cmath>

#include "simd/cpu.h"
#include "simd/levels.h"

namespace elanus::simd {
namespace {

float PlaceOf(const float* q, const CodeScale& scale, bool from_middle,
              size_t d) {
  return from_middle ? q[d] - scale.middle[d] : q[d];
}

int8_t Weight(float weight, float unit) {
  const float inverse = unit > 0 ? 1 / unit : 0.0F;
  const float rounded = std::nearbyint(weight * inverse);
  return std::isnan(rounded) ? int8_t{0}
                             : static_cast<int8_t>(std::clamp(
                                   rounded, -kMaxByteWeight, kMaxByteWeight));
}

// The specification.
PlaceSums Measure(const float* q, CodeScale scale, bool from_middle) {
  PlaceSums sums{};
  for (size_t d = 0; d < scale.dim; ++d) {
    const float p = PlaceOf(q, scale, from_middle, d);
    sums.square += p * p;
    sums.product += q[d] * scale.middle[d];
    sums.largest_weight =
        std::max(sums.largest_weight, std::abs(p * scale.step[d]));
  }
  return sums;
}

WeightSums Weigh(const float* q, CodeScale scale, bool from_middle, float unit,
                 int8_t* weights) {
  WeightSums sums{};
  for (size_t d = 0; d < scale.dim; ++d) {
    const float weight = PlaceOf(q, scale, from_middle, d) * scale.step[d];
    weights[d] = Weight(weight, unit);
    const auto z = static_cast<float>(weights[d]);
    sums.sum += z;
    sums.magnitude += std::abs(z);
    const float off = weight - unit * z;
    sums.off_square += off * off;
  }
  return sums;
}

CodeSums WeighCode(const uint8_t* code, CodeScale scale, bool from_middle,
                   int8_t* weights) {
  const auto place_of = [&](size_t d) {
    const float x = scale.step[d] * (static_cast<float>(code[d]) - 128.0F);
    return from_middle ? x : x + scale.middle[d];
  };
  CodeSums sums{};
  for (size_t d = 0; d < scale.dim; ++d) {
    const float p = place_of(d);
    const float value = from_middle ? p + scale.middle[d] : p;
    sums.place.square += p * p;
    sums.place.product += value * scale.middle[d];
    sums.place.largest_weight =
        std::max(sums.place.largest_weight, std::abs(p * scale.step[d]));
  }
  sums.unit = UnitOf(sums.place.largest_weight);
  for (size_t d = 0; d < scale.dim; ++d) {
    weights[d] = Weight(place_of(d) * scale.step[d], sums.unit);
    sums.sum += static_cast<float>(weights[d]);
  }
  return sums;
}

const Levels<ByteWeightKernels>& AllLevels() {
  static const Levels<ByteWeightKernels> levels {
#if defined(__x86_64__)
    {Cpu().avx512, &kAvx512ByteWeights}, {Cpu().avx2, &kAvx2ByteWeights},
#endif
    {
      true, &kScalarByteWeights
    }
  };
  return levels;
}

}  // namespace

const ByteWeightKernels kScalarByteWeights = {.name = "scalar",
                                              .measure = Measure,
                                              .weigh = Weigh,
                                              .weigh_code = WeighCode};

const ByteWeightKernels& ByteWeights() { return AllLevels().best(); }

const ByteWeightKernels* const* SupportedByteWeights(size_t* count) {
  return AllLevels().All(count);
}

}  // namespace elanus::simd

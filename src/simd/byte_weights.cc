#include "simd/byte_weights.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "simd/cpu.h"
#include "simd/levels.h"

namespace elanus::simd {
namespace {

float PlaceOf(const float* q, const CodeScale& scale, bool from_middle,
              size_t d) {
  return from_middle ? q[d] - scale.middle[d] : q[d];
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
  const float inverse = unit > 0 ? 1 / unit : 0.0F;
  WeightSums sums{};
  for (size_t d = 0; d < scale.dim; ++d) {
    const float weight = PlaceOf(q, scale, from_middle, d) * scale.step[d];
    const float rounded = std::nearbyint(weight * inverse);
    const float z = std::isnan(rounded)
                        ? 0.0F
                        : std::clamp(rounded, -kMaxByteWeight, kMaxByteWeight);
    weights[d] = static_cast<int8_t>(z);
    sums.sum += z;
    sums.magnitude += std::abs(z);
    const float off = weight - unit * z;
    sums.off_square += off * off;
  }
  return sums;
}

CodeSums WeighCode(const uint8_t* code, CodeScale scale, bool from_middle,
                   int8_t* weights) {
  std::vector<float> x(scale.dim);
  for (size_t d = 0; d < scale.dim; ++d) {
    x[d] = scale.middle[d] +
           scale.step[d] * (static_cast<float>(code[d]) - 128.0F);
  }
  CodeSums sums{};
  sums.place = Measure(x.data(), scale, from_middle);
  sums.unit = UnitOf(sums.place.largest_weight);
  sums.sum = Weigh(x.data(), scale, from_middle, sums.unit, weights).sum;
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

// Sixteen values at a time; the rest by masked loads, whose zeros add nothing.
#if defined(__x86_64__)

#include <immintrin.h>

#include "simd/byte_weights.h"
#include "simd/x86/weigh.h"

namespace elanus::simd {
namespace {

constexpr size_t kLanes = 16;

__mmask16 FirstLanes(size_t count) {
  return static_cast<__mmask16>(count >= kLanes ? 0xFFFFU : (1U << count) - 1);
}

// Sixteen values and what they are weighed as.
struct Lanes {
  __mmask16 mask;
  __m512 middle;
  __m512 value;
  __m512 place;
  __m512 weight;
};

// A query's.
struct Query {
  Lanes At(size_t d) const {
    const __mmask16 mask = FirstLanes(scale.dim - d);
    const __m512 middle = _mm512_maskz_loadu_ps(mask, scale.middle + d);
    const __m512 value = _mm512_maskz_loadu_ps(mask, q + d);
    const __m512 place = from_middle ? _mm512_sub_ps(value, middle) : value;
    const __m512 step = _mm512_maskz_loadu_ps(mask, scale.step + d);
    return {mask, middle, value, place, _mm512_mul_ps(place, step)};
  }

  const float* q;
  CodeScale scale;
  bool from_middle;
};

// What codes stand for.
struct Row {
  Lanes At(size_t d) const {
    const __mmask16 mask = FirstLanes(scale.dim - d);
    const __m512 middle = _mm512_maskz_loadu_ps(mask, scale.middle + d);
    const __m512 step = _mm512_maskz_loadu_ps(mask, scale.step + d);
    const __m512 wide = _mm512_cvtepi32_ps(
        _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, code + d)));
    const __m512 off =
        _mm512_mul_ps(step, _mm512_sub_ps(wide, _mm512_set1_ps(128)));
    const __m512 value = _mm512_add_ps(off, middle);
    const __m512 place = from_middle ? off : value;
    return {mask, middle, value, place, _mm512_mul_ps(place, step)};
  }

  const uint8_t* code;
  CodeScale scale;
  bool from_middle;
};

template <typename Source>
PlaceSums MeasureAll(const Source& source) {
  __m512 square = _mm512_setzero_ps();
  __m512 product = _mm512_setzero_ps();
  __m512 largest = _mm512_setzero_ps();
  for (size_t d = 0; d < source.scale.dim; d += kLanes) {
    const Lanes at = source.At(d);
    square = _mm512_fmadd_ps(at.place, at.place, square);
    product = _mm512_fmadd_ps(at.value, at.middle, product);
    // What is no number comes first: then the other one is taken.
    largest = _mm512_max_ps(_mm512_abs_ps(at.weight), largest);
  }
  return {.square = _mm512_reduce_add_ps(square),
          .product = _mm512_reduce_add_ps(product),
          .largest_weight = _mm512_reduce_max_ps(largest)};
}

// Inlined, so that nothing is summed that the caller does not look at.
template <typename Source>
inline __attribute__((always_inline)) WeightSums WeighAll(const Source& source,
                                                          float unit,
                                                          int8_t* weights) {
  const __m512 inverse = _mm512_set1_ps(unit > 0 ? 1 / unit : 0.0F);
  const __m512 units = _mm512_set1_ps(unit);
  const __m512 most = _mm512_set1_ps(kMaxByteWeight);
  __m512 sum = _mm512_setzero_ps();
  __m512 magnitude = _mm512_setzero_ps();
  __m512 off_square = _mm512_setzero_ps();
  for (size_t d = 0; d < source.scale.dim; d += kLanes) {
    const Lanes at = source.At(d);
    const __m512 exact = _mm512_mul_ps(at.weight, inverse);
    const __mmask16 numbers = _mm512_cmp_ps_mask(exact, exact, _CMP_ORD_Q);
    const __m512 rounded = _mm512_maskz_roundscale_ps(
        numbers, exact, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m512 z = _mm512_max_ps(_mm512_min_ps(rounded, most),
                                   _mm512_sub_ps(_mm512_setzero_ps(), most));
    _mm_mask_storeu_epi8(weights + d, at.mask,
                         _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(z)));
    sum = _mm512_add_ps(sum, z);
    magnitude = _mm512_add_ps(magnitude, _mm512_abs_ps(z));
    const __m512 off = _mm512_fnmadd_ps(units, z, at.weight);
    off_square = _mm512_fmadd_ps(off, off, off_square);
  }
  return {.sum = _mm512_reduce_add_ps(sum),
          .magnitude = _mm512_reduce_add_ps(magnitude),
          .off_square = _mm512_reduce_add_ps(off_square)};
}

}  // namespace

const ByteWeightKernels kAvx512ByteWeights = {.name = "avx512",
                                              .measure = Measure<Query>,
                                              .weigh = Weigh<Query>,
                                              .weigh_code = WeighCode<Row>};

}  // namespace elanus::simd

#endif

// Eight values at a time; the rest by masked loads, whose zeros add nothing.
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "simd/byte_weights.h"
#include "simd/x86/weigh.h"

namespace elanus::simd {
namespace {

constexpr size_t kLanes = 8;

size_t LanesLeft(size_t dim, size_t d) {
  return dim - d < kLanes ? dim - d : kLanes;
}

__m256i FirstLanes(size_t count) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), lane);
}

__m256 Magnitude(__m256 x) {
  return _mm256_andnot_ps(_mm256_set1_ps(-0.0F), x);
}

float SumOf(__m256 lanes) {
  __m128 sum = _mm_add_ps(_mm256_castps256_ps128(lanes),
                          _mm256_extractf128_ps(lanes, 1));
  sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
  return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

float MostOf(__m256 lanes) {
  __m128 most = _mm_max_ps(_mm256_castps256_ps128(lanes),
                           _mm256_extractf128_ps(lanes, 1));
  most = _mm_max_ps(most, _mm_movehl_ps(most, most));
  return _mm_cvtss_f32(_mm_max_ss(most, _mm_movehdup_ps(most)));
}

// Eight whole numbers, to as many bytes.
void Store(__m256i words, size_t count, int8_t* to) {
  const __m128i shorts = _mm_packs_epi32(_mm256_castsi256_si128(words),
                                         _mm256_extracti128_si256(words, 1));
  const __m128i bytes = _mm_packs_epi16(shorts, shorts);
  if (count == kLanes) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), bytes);
  } else {
    memcpy(to, &bytes, count);
  }
}

// Eight bytes, the first `count` of them from memory.
__m128i LoadBytes(const uint8_t* from, size_t count) {
  uint64_t bytes = 0;
  if (count == kLanes) {
    memcpy(&bytes, from, kLanes);
  } else {
    memcpy(&bytes, from, count);
  }
  return _mm_cvtsi64_si128(static_cast<int64_t>(bytes));
}

// Eight values and what they are weighed as.
struct Lanes {
  size_t count;
  __m256 middle;
  __m256 value;
  __m256 place;
  __m256 weight;
};

// A query's.
struct Query {
  Lanes At(size_t d) const {
    const size_t count = LanesLeft(scale.dim, d);
    const __m256i mask = FirstLanes(count);
    const __m256 middle = _mm256_maskload_ps(scale.middle + d, mask);
    const __m256 value = _mm256_maskload_ps(q + d, mask);
    const __m256 place = from_middle ? _mm256_sub_ps(value, middle) : value;
    const __m256 step = _mm256_maskload_ps(scale.step + d, mask);
    return {count, middle, value, place, _mm256_mul_ps(place, step)};
  }

  const float* q;
  CodeScale scale;
  bool from_middle;
};

// What codes stand for.
struct Row {
  Lanes At(size_t d) const {
    const size_t count = LanesLeft(scale.dim, d);
    const __m256i mask = FirstLanes(count);
    const __m256 middle = _mm256_maskload_ps(scale.middle + d, mask);
    const __m256 step = _mm256_maskload_ps(scale.step + d, mask);
    const __m256 wide =
        _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(LoadBytes(code + d, count)));
    const __m256 off =
        _mm256_mul_ps(step, _mm256_sub_ps(wide, _mm256_set1_ps(128)));
    const __m256 value = _mm256_add_ps(off, middle);
    const __m256 place = from_middle ? off : value;
    return {count, middle, value, place, _mm256_mul_ps(place, step)};
  }

  const uint8_t* code;
  CodeScale scale;
  bool from_middle;
};

template <typename Source>
PlaceSums MeasureAll(const Source& source) {
  __m256 square = _mm256_setzero_ps();
  __m256 product = _mm256_setzero_ps();
  __m256 largest = _mm256_setzero_ps();
  for (size_t d = 0; d < source.scale.dim; d += kLanes) {
    const Lanes at = source.At(d);
    square = _mm256_fmadd_ps(at.place, at.place, square);
    product = _mm256_fmadd_ps(at.value, at.middle, product);
    // What is no number comes first: then the other one is taken.
    largest = _mm256_max_ps(Magnitude(at.weight), largest);
  }
  return {.square = SumOf(square),
          .product = SumOf(product),
          .largest_weight = MostOf(largest)};
}

// Inlined, so that nothing is summed that the caller does not look at.
template <typename Source>
inline __attribute__((always_inline)) WeightSums WeighAll(const Source& source,
                                                          float unit,
                                                          int8_t* weights) {
  const __m256 inverse = _mm256_set1_ps(unit > 0 ? 1 / unit : 0.0F);
  const __m256 units = _mm256_set1_ps(unit);
  const __m256 most = _mm256_set1_ps(kMaxByteWeight);
  __m256 sum = _mm256_setzero_ps();
  __m256 magnitude = _mm256_setzero_ps();
  __m256 off_square = _mm256_setzero_ps();
  for (size_t d = 0; d < source.scale.dim; d += kLanes) {
    const Lanes at = source.At(d);
    const __m256 exact = _mm256_mul_ps(at.weight, inverse);
    const __m256 numbers =
        _mm256_and_ps(exact, _mm256_cmp_ps(exact, exact, _CMP_ORD_Q));
    const __m256 rounded =
        _mm256_round_ps(numbers, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m256 z = _mm256_max_ps(_mm256_min_ps(rounded, most),
                                   _mm256_sub_ps(_mm256_setzero_ps(), most));
    Store(_mm256_cvtps_epi32(z), at.count, weights + d);
    sum = _mm256_add_ps(sum, z);
    magnitude = _mm256_add_ps(magnitude, Magnitude(z));
    const __m256 off = _mm256_fnmadd_ps(units, z, at.weight);
    off_square = _mm256_fmadd_ps(off, off, off_square);
  }
  return {.sum = SumOf(sum),
          .magnitude = SumOf(magnitude),
          .off_square = SumOf(off_square)};
}

}  // namespace

const ByteWeightKernels kAvx2ByteWeights = {.name = "avx2",
                                            .measure = Measure<Query>,
                                            .weigh = Weigh<Query>,
                                            .weigh_code = WeighCode<Row>};

}  // namespace elanus::simd

#endif

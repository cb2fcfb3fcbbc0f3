// Bits against bytes by AVX2: each bit becomes a byte that lets a weight
// through.
#if defined(__x86_64__)
#include "simd/x86/reduce_four.h"
#include "simd/x86/sketch_by_four.h"

namespace elanus::simd {
namespace {

constexpr size_t kLanes = 32;

// Byte i is 0xFF where bit i is set.
__m256i Spread(uint32_t bits) {
  const __m256i which =
      _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2,
                       2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
  const __m256i bit =
      _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201));
  const __m256i bytes =
      _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(bits)), which);
  return _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit);
}

__m128i FourSums(const int8_t* weights, const uint8_t* const* record,
                 size_t dim, size_t planes) {
  __m256i sum[kGroup] = {_mm256_setzero_si256(), _mm256_setzero_si256(),
                         _mm256_setzero_si256(), _mm256_setzero_si256()};
  const __m256i ones = _mm256_set1_epi8(1);
  const size_t plane_bytes = (dim + 7) / 8;
  for (size_t p = 0; p < planes; ++p) {
    const __m256i worth = _mm256_set1_epi16(static_cast<short>(1 << p));
    for (size_t d = 0; d < dim; d += kLanes) {
      const __m256i weight =
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights + d));
      for (size_t j = 0; j < kGroup; ++j) {
        uint32_t bits;
        memcpy(&bits, record[j] + p * plane_bytes + d / 8, sizeof(bits));
        const __m256i in = _mm256_and_si256(Spread(bits), weight);
        sum[j] = _mm256_add_epi32(
            sum[j], _mm256_madd_epi16(_mm256_maddubs_epi16(ones, in), worth));
      }
    }
  }
  return ReduceFour(sum);
}

}  // namespace

const RowSketchKernels kAvx2SketchKernels = {.name = "avx2",
                                             .bounds = BoundsByFour<FourSums>};

}  // namespace elanus::simd
#endif

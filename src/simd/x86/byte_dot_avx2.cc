// Bytes by AVX2. They are widened to 16 bits first: the instruction that
// multiplies bytes saturates.
#if defined(__x86_64__)
#include <immintrin.h>

#include "simd/byte_dot.h"
#include "simd/x86/reduce_four.h"
#include "simd/x86/rows_by_four.h"

namespace elanus::simd {
namespace {

constexpr size_t kLanes = 16;

__m256i Step(__m256i sum, __m256i query, const uint8_t* row) {
  const __m256i wide = _mm256_cvtepu8_epi16(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(row)));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(query, wide));
}

// Four rows at once: their cache misses overlap. Meanwhile the lines of the
// next four are fetched.
void FourRows(const int8_t* query, const uint8_t* const* row,
              const uint8_t* const* next, size_t dim, int32_t* out) {
  __m256i sum[kGroup] = {_mm256_setzero_si256(), _mm256_setzero_si256(),
                         _mm256_setzero_si256(), _mm256_setzero_si256()};
  size_t d = 0;
  for (; d + kLanes <= dim; d += kLanes) {
    const __m256i x = _mm256_cvtepi8_epi16(
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(query + d)));
    for (size_t j = 0; j < kGroup; ++j) sum[j] = Step(sum[j], x, row[j] + d);
    if (d % 64 == 0) {
      for (size_t j = 0; j < kGroup; ++j)
        _mm_prefetch(next[j] + d, _MM_HINT_T0);
    }
  }
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), ReduceFour(sum));
  for (; d < dim; ++d) {
    for (size_t j = 0; j < kGroup; ++j) out[j] += int32_t{query[d]} * row[j][d];
  }
}

}  // namespace

const ByteDotKernels kAvx2ByteKernels = {.name = "avx2",
                                         .rows = RowsByFour<FourRows>};

}  // namespace elanus::simd
#endif

// Bytes by AVX-512 VNNI: one instruction multiplies and adds 64 of them. The
// tail of a row is read with a mask, so nothing beyond it is touched.
#if defined(__x86_64__)
#include <immintrin.h>

#include "simd/byte_dot.h"
#include "simd/x86/reduce_four.h"
#include "simd/x86/rows_by_four.h"

namespace elanus::simd {
namespace {

constexpr size_t kLanes = 64;

// Four rows at once: their cache misses overlap. Meanwhile the lines of the
// next four are fetched.
void FourRows(const int8_t* query, const uint8_t* const* row,
              const uint8_t* const* next, size_t dim, int32_t* out) {
  __m512i sum[kGroup] = {_mm512_setzero_si512(), _mm512_setzero_si512(),
                         _mm512_setzero_si512(), _mm512_setzero_si512()};
  for (size_t d = 0; d < dim; d += kLanes) {
    const __mmask64 mask =
        dim - d >= kLanes ? ~__mmask64{0} : (__mmask64{1} << (dim - d)) - 1;
    const __m512i x = _mm512_maskz_loadu_epi8(mask, query + d);
    for (size_t j = 0; j < kGroup; ++j) {
      sum[j] = _mm512_dpbusd_epi32(
          sum[j], _mm512_maskz_loadu_epi8(mask, row[j] + d), x);
      _mm_prefetch(next[j] + d, _MM_HINT_T0);
    }
  }
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), ReduceFour(sum));
}

}  // namespace

const ByteDotKernels kVnniByteKernels = {.name = "vnni",
                                         .rows = RowsByFour<FourRows>};

}  // namespace elanus::simd
#endif

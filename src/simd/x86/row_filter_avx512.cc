// Bits of sixteen rows at a time by AVX-512: their words are gathered, and what
// passes is put together by one instruction.
#if defined(__x86_64__)
#include <immintrin.h>

#include "simd/row_filter.h"

namespace elanus::simd {
namespace {

constexpr size_t kLanes = 16;

size_t Passing(const uint32_t* rows, size_t count, const uint64_t* excluded,
               uint32_t first, uint32_t* out) {
  const __m512i one = _mm512_set1_epi32(1);
  const __m512i place = _mm512_set1_epi32(31);
  const __m512i step = _mm512_set1_epi32(static_cast<int>(kLanes));
  __m512i at = _mm512_add_epi32(
      _mm512_set1_epi32(static_cast<int>(first)),
      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  size_t passing = 0;
  for (size_t i = 0; i < count; i += kLanes) {
    const size_t left = count - i;
    const __mmask16 lanes = left >= kLanes
                                ? static_cast<__mmask16>(0xFFFF)
                                : static_cast<__mmask16>((1U << left) - 1);
    const __m512i row = _mm512_maskz_loadu_epi32(lanes, rows + i);
    const __m512i words = _mm512_mask_i32gather_epi32(
        _mm512_setzero_si512(), lanes, _mm512_srli_epi32(row, 5), excluded, 4);
    const __m512i bits = _mm512_sllv_epi32(one, _mm512_and_si512(row, place));
    const __mmask16 in = _mm512_mask_testn_epi32_mask(lanes, words, bits);
    _mm512_storeu_si512(out + passing, _mm512_maskz_compress_epi32(in, at));
    passing += static_cast<size_t>(__builtin_popcount(in));
    at = _mm512_add_epi32(at, step);
  }
  return passing;
}

}  // namespace

const RowFilterKernels kAvx512FilterKernels = {.name = "avx512",
                                               .passing = Passing};

}  // namespace elanus::simd
#endif

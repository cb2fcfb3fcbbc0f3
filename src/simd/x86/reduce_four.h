// Lane j: the sum of all lanes of register j.
//
// Each file that includes it has a copy of its own, made with its instructions.
#pragma once

#include <immintrin.h>

namespace elanus::simd {
namespace {

inline __m128i Halve(__m256i sum) {
  return _mm_add_epi32(_mm256_castsi256_si128(sum),
                       _mm256_extracti128_si256(sum, 1));
}

inline __m128i ReduceFour(const __m256i* sum) {
  return _mm_hadd_epi32(_mm_hadd_epi32(Halve(sum[0]), Halve(sum[1])),
                        _mm_hadd_epi32(Halve(sum[2]), Halve(sum[3])));
}

#if defined(__AVX512F__)
inline __m512i AddPairs(__m512i a, __m512i b) {
  return _mm512_add_epi32(_mm512_unpacklo_epi32(a, b),
                          _mm512_unpackhi_epi32(a, b));
}

inline __m128i ReduceFour(const __m512i* sum) {
  const __m512i low = AddPairs(sum[0], sum[1]);
  const __m512i high = AddPairs(sum[2], sum[3]);
  const __m512i all = _mm512_add_epi32(_mm512_unpacklo_epi64(low, high),
                                       _mm512_unpackhi_epi64(low, high));
  return Halve(_mm256_add_epi32(_mm512_castsi512_si256(all),
                                _mm512_extracti64x4_epi64(all, 1)));
}
#endif

}  // namespace
}  // namespace elanus::simd

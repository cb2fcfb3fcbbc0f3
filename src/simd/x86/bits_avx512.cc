// 64 bytes at a time with VPOPCNTDQ; the rest by a masked load.
#if defined(__x86_64__)

#include <immintrin.h>

#include "simd/bits.h"

namespace elanus::simd {
namespace {

__mmask64 FirstBytes(size_t count) {
  return count >= 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
}

uint32_t Sum(__m512i counts) {
  return static_cast<uint32_t>(_mm512_reduce_add_epi64(counts));
}

void Differing(const uint8_t* query, const uint8_t* rows, size_t row_bytes,
               size_t count, uint32_t* out) {
  for (size_t row = 0; row < count; ++row, rows += row_bytes) {
    __m512i sum = _mm512_setzero_si512();
    for (size_t i = 0; i < row_bytes; i += 64) {
      const __mmask64 mask = FirstBytes(row_bytes - i);
      const __m512i a = _mm512_maskz_loadu_epi8(mask, query + i);
      const __m512i b = _mm512_maskz_loadu_epi8(mask, rows + i);
      sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(_mm512_xor_si512(a, b)));
    }
    out[row] = Sum(sum);
  }
}

void Shared(const uint8_t* query, const uint8_t* rows, size_t row_bytes,
            size_t count, uint32_t* both, uint32_t* either) {
  for (size_t row = 0; row < count; ++row, rows += row_bytes) {
    __m512i and_sum = _mm512_setzero_si512();
    __m512i or_sum = _mm512_setzero_si512();
    for (size_t i = 0; i < row_bytes; i += 64) {
      const __mmask64 mask = FirstBytes(row_bytes - i);
      const __m512i a = _mm512_maskz_loadu_epi8(mask, query + i);
      const __m512i b = _mm512_maskz_loadu_epi8(mask, rows + i);
      and_sum = _mm512_add_epi64(and_sum,
                                 _mm512_popcnt_epi64(_mm512_and_si512(a, b)));
      or_sum =
          _mm512_add_epi64(or_sum, _mm512_popcnt_epi64(_mm512_or_si512(a, b)));
    }
    both[row] = Sum(and_sum);
    either[row] = Sum(or_sum);
  }
}

uint64_t Set(const uint64_t* words, size_t count) {
  constexpr size_t kWords = 8;
  __m512i sum = _mm512_setzero_si512();
  for (size_t i = 0; i < count; i += kWords) {
    const size_t left = count - i;
    const auto in =
        static_cast<__mmask8>(left >= kWords ? 0xFF : (1U << left) - 1);
    sum = _mm512_add_epi64(
        sum, _mm512_popcnt_epi64(_mm512_maskz_loadu_epi64(in, words + i)));
  }
  return static_cast<uint64_t>(_mm512_reduce_add_epi64(sum));
}

}  // namespace

const BitKernels kAvx512Bits = {
    .name = "avx512", .differing = Differing, .shared = Shared, .set = Set};

}  // namespace elanus::simd

#endif

// 32 bytes at a time: the bits of each half byte by a table in a register.
//
// Source: W. Mula, N. Kurz, D. Lemire, "Faster Population Counts Using AVX2
// Instructions", 2016, section 3.
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "simd/bits.h"

namespace elanus::simd {
namespace {

constexpr size_t kBytes = 32;

// Four sums of 64 bits.
__m256i Count(__m256i bytes) {
  const __m256i table =
      _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,  //
                       0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i low_half = _mm256_set1_epi8(0x0F);
  const __m256i low = _mm256_and_si256(bytes, low_half);
  const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), low_half);
  const __m256i counts = _mm256_add_epi8(_mm256_shuffle_epi8(table, low),
                                         _mm256_shuffle_epi8(table, high));
  return _mm256_sad_epu8(counts, _mm256_setzero_si256());
}

uint32_t Sum(__m256i counts) {
  uint64_t lanes[4];
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes), counts);
  return static_cast<uint32_t>(lanes[0] + lanes[1] + lanes[2] + lanes[3]);
}

__m256i Load(const uint8_t* from, size_t left) {
  if (left >= kBytes) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  uint8_t rest[kBytes] = {};
  memcpy(rest, from, left);
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rest));
}

void Differing(const uint8_t* query, const uint8_t* rows, size_t row_bytes,
               size_t count, uint32_t* out) {
  for (size_t row = 0; row < count; ++row, rows += row_bytes) {
    __m256i sum = _mm256_setzero_si256();
    for (size_t i = 0; i < row_bytes; i += kBytes) {
      const __m256i a = Load(query + i, row_bytes - i);
      const __m256i b = Load(rows + i, row_bytes - i);
      sum = _mm256_add_epi64(sum, Count(_mm256_xor_si256(a, b)));
    }
    out[row] = Sum(sum);
  }
}

void Shared(const uint8_t* query, const uint8_t* rows, size_t row_bytes,
            size_t count, uint32_t* both, uint32_t* either) {
  for (size_t row = 0; row < count; ++row, rows += row_bytes) {
    __m256i and_sum = _mm256_setzero_si256();
    __m256i or_sum = _mm256_setzero_si256();
    for (size_t i = 0; i < row_bytes; i += kBytes) {
      const __m256i a = Load(query + i, row_bytes - i);
      const __m256i b = Load(rows + i, row_bytes - i);
      and_sum = _mm256_add_epi64(and_sum, Count(_mm256_and_si256(a, b)));
      or_sum = _mm256_add_epi64(or_sum, Count(_mm256_or_si256(a, b)));
    }
    both[row] = Sum(and_sum);
    either[row] = Sum(or_sum);
  }
}

uint64_t Set(const uint64_t* words, size_t count) {
  uint64_t set = 0;
  for (size_t i = 0; i < count; ++i) {
    set += static_cast<uint64_t>(__builtin_popcountll(words[i]));
  }
  return set;
}

}  // namespace

const BitKernels kAvx2Bits = {
    .name = "avx2", .differing = Differing, .shared = Shared, .set = Set};

}  // namespace elanus::simd

#endif

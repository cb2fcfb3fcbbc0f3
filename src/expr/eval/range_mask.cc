#include "expr/eval/range_mask.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace elanus::expr {
namespace {

#if defined(__x86_64__)

#define ELANUS_AVX512 __attribute__((target("avx512f,avx512bw")))

bool HasAvx512() {
  static const bool has =
      __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
  return has;
}

// Integers: lower <= x <= upper is (x - lower) <= (upper - lower), unsigned.
ELANUS_AVX512 std::uint64_t Word(const std::int8_t* x, std::int8_t lower,
                                 std::int8_t upper) {
  const __m512i low = _mm512_set1_epi8(lower);
  const __m512i span = _mm512_sub_epi8(_mm512_set1_epi8(upper), low);
  return _mm512_cmple_epu8_mask(_mm512_sub_epi8(_mm512_loadu_si512(x), low),
                                span);
}

ELANUS_AVX512 std::uint64_t Word(const std::int16_t* x, std::int16_t lower,
                                 std::int16_t upper) {
  const __m512i low = _mm512_set1_epi16(lower);
  const __m512i span = _mm512_sub_epi16(_mm512_set1_epi16(upper), low);
  std::uint64_t word = 0;
  for (int i = 0; i < 2; ++i) {
    const __m512i part = _mm512_loadu_si512(x + i * 32);
    word |= std::uint64_t{_mm512_cmple_epu16_mask(_mm512_sub_epi16(part, low),
                                                  span)}
            << (i * 32);
  }
  return word;
}

ELANUS_AVX512 std::uint64_t Word(const std::int32_t* x, std::int32_t lower,
                                 std::int32_t upper) {
  const __m512i low = _mm512_set1_epi32(lower);
  const __m512i span = _mm512_sub_epi32(_mm512_set1_epi32(upper), low);
  std::uint64_t word = 0;
  for (int i = 0; i < 4; ++i) {
    const __m512i part = _mm512_loadu_si512(x + i * 16);
    word |= std::uint64_t{_mm512_cmple_epu32_mask(_mm512_sub_epi32(part, low),
                                                  span)}
            << (i * 16);
  }
  return word;
}

ELANUS_AVX512 std::uint64_t Word(const std::int64_t* x, std::int64_t lower,
                                 std::int64_t upper) {
  const __m512i low = _mm512_set1_epi64(lower);
  const __m512i span = _mm512_sub_epi64(_mm512_set1_epi64(upper), low);
  std::uint64_t word = 0;
  for (int i = 0; i < 8; ++i) {
    const __m512i part = _mm512_loadu_si512(x + i * 8);
    word |= std::uint64_t{_mm512_cmple_epu64_mask(_mm512_sub_epi64(part, low),
                                                  span)}
            << (i * 8);
  }
  return word;
}

ELANUS_AVX512 std::uint64_t Word(const float* x, float lower, float upper) {
  const __m512 low = _mm512_set1_ps(lower);
  const __m512 high = _mm512_set1_ps(upper);
  std::uint64_t word = 0;
  for (int i = 0; i < 4; ++i) {
    const __m512 part = _mm512_loadu_ps(x + i * 16);
    const __mmask16 above = _mm512_cmp_ps_mask(part, low, _CMP_GE_OQ);
    word |=
        std::uint64_t{_mm512_mask_cmp_ps_mask(above, part, high, _CMP_LE_OQ)}
        << (i * 16);
  }
  return word;
}

ELANUS_AVX512 std::uint64_t Word(const double* x, double lower, double upper) {
  const __m512d low = _mm512_set1_pd(lower);
  const __m512d high = _mm512_set1_pd(upper);
  std::uint64_t word = 0;
  for (int i = 0; i < 8; ++i) {
    const __m512d part = _mm512_loadu_pd(x + i * 8);
    const __mmask8 above = _mm512_cmp_pd_mask(part, low, _CMP_GE_OQ);
    word |=
        std::uint64_t{_mm512_mask_cmp_pd_mask(above, part, high, _CMP_LE_OQ)}
        << (i * 8);
  }
  return word;
}

template <typename T>
ELANUS_AVX512 void WholeWords(const T* values, std::size_t word_count, T lower,
                              T upper, std::uint64_t* words) {
  for (std::size_t i = 0; i < word_count; ++i) {
    words[i] = Word(values + i * 64, lower, upper);
  }
}

#endif

template <typename T>
void Dispatch(std::span<const T> values, T lower, T upper,
              std::uint64_t* words) {
  // The unsigned form of the integer kernels has no empty range.
  if (lower > upper) {
    for (std::size_t i = 0; i < (values.size() + 63) / 64; ++i) words[i] = 0;
    return;
  }
#if defined(__x86_64__)
  if (HasAvx512()) {
    const std::size_t whole = values.size() / 64;
    WholeWords(values.data(), whole, lower, upper, words);
    RangeMaskPlain(values.subspan(whole * 64), lower, upper, words + whole);
    return;
  }
#endif
  RangeMaskPlain(values, lower, upper, words);
}

}  // namespace

void RangeMask(std::span<const std::int8_t> values, std::int8_t lower,
               std::int8_t upper, std::uint64_t* words) {
  Dispatch(values, lower, upper, words);
}
void RangeMask(std::span<const std::int16_t> values, std::int16_t lower,
               std::int16_t upper, std::uint64_t* words) {
  Dispatch(values, lower, upper, words);
}
void RangeMask(std::span<const std::int32_t> values, std::int32_t lower,
               std::int32_t upper, std::uint64_t* words) {
  Dispatch(values, lower, upper, words);
}
void RangeMask(std::span<const std::int64_t> values, std::int64_t lower,
               std::int64_t upper, std::uint64_t* words) {
  Dispatch(values, lower, upper, words);
}
void RangeMask(std::span<const float> values, float lower, float upper,
               std::uint64_t* words) {
  Dispatch(values, lower, upper, words);
}
void RangeMask(std::span<const double> values, double lower, double upper,
               std::uint64_t* words) {
  Dispatch(values, lower, upper, words);
}

}  // namespace elanus::expr

// Bytes by AVX-512 VNNI: one instruction multiplies and adds 64 of them. The
// tail of a row is read with a mask, so nothing beyond it is touched.
#if defined(__x86_64__)
#include <immintrin.h>

#include "simd/byte_dot.h"

namespace elanus::simd {
namespace {

constexpr size_t kLanes = 64;
constexpr size_t kGroup = 4;

// The sums of four registers.
__m128i ReduceFour(const __m512i* sum) {
  __m128i part[kGroup];
  for (size_t j = 0; j < kGroup; ++j) {
    const __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(sum[j]),
                                          _mm512_extracti64x4_epi64(sum[j], 1));
    part[j] = _mm_add_epi32(_mm256_castsi256_si128(half),
                            _mm256_extracti128_si256(half, 1));
  }
  return _mm_hadd_epi32(_mm_hadd_epi32(part[0], part[1]),
                        _mm_hadd_epi32(part[2], part[3]));
}

// Four rows at once: their cache misses overlap. Meanwhile the lines of the
// next four are fetched.
__m128i FourRows(const int8_t* query, const uint8_t* const* row,
                 const uint8_t* const* next, size_t dim) {
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
  return ReduceFour(sum);
}

void Rows(const int8_t* query, ByteTable rows, const uint32_t* ids,
          size_t count, size_t dim, int32_t* out) {
  // Past the end the last row stands in for a missing one.
  const auto row_at = [&](size_t i) {
    return rows.data + ids[i < count ? i : count - 1] * rows.stride;
  };
  if (count == 0) return;
  const uint8_t* row[kGroup];
  const uint8_t* next[kGroup];
  for (size_t j = 0; j < kGroup; ++j) next[j] = row_at(j);
  for (size_t i = 0; i < count; i += kGroup) {
    for (size_t j = 0; j < kGroup; ++j) {
      row[j] = next[j];
      next[j] = row_at(i + kGroup + j);
    }
    const __m128i four = FourRows(query, row, next, dim);
    const size_t left = count - i;
    _mm_mask_storeu_epi32(
        out + i,
        static_cast<__mmask8>(left >= kGroup ? 0xF : (1U << left) - 1U), four);
  }
}

}  // namespace

const ByteDotKernels kVnniByteKernels = {.name = "vnni", .rows = Rows};

}  // namespace elanus::simd
#endif

// 32 bytes at a time: an equal element gives as many set bits as it has bytes.
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "simd/elements.h"

namespace elanus::simd {
namespace {

constexpr size_t kBytes = 32;

template <size_t kWidth>
__m256i Compare(__m256i a, __m256i b) {
  if constexpr (kWidth == 1) return _mm256_cmpeq_epi8(a, b);
  if constexpr (kWidth == 2) return _mm256_cmpeq_epi16(a, b);
  if constexpr (kWidth == 4) return _mm256_cmpeq_epi32(a, b);
  return _mm256_cmpeq_epi64(a, b);
}

template <size_t kWidth>
void Equal(const uint8_t* query, const uint8_t* rows, size_t row_bytes,
           size_t count, uint32_t* out) {
  for (size_t row = 0; row < count; ++row, rows += row_bytes) {
    size_t bytes = 0;
    size_t i = 0;
    for (; i + kBytes <= row_bytes; i += kBytes) {
      const __m256i a =
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(query + i));
      const __m256i b =
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows + i));
      const auto mask =
          static_cast<uint32_t>(_mm256_movemask_epi8(Compare<kWidth>(a, b)));
      bytes += static_cast<size_t>(__builtin_popcount(mask));
    }
    uint32_t equal = static_cast<uint32_t>(bytes / kWidth);
    for (; i < row_bytes; i += kWidth) {
      equal += memcmp(query + i, rows + i, kWidth) == 0 ? 1 : 0;
    }
    out[row] = equal;
  }
}

}  // namespace

const ElementKernels kAvx2Elements = {
    .name = "avx2", .equal = {Equal<1>, Equal<2>, Equal<4>, Equal<8>}};

}  // namespace elanus::simd

#endif

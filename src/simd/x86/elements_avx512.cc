// 64 bytes at a time: a comparison gives a bit for each element, the rest of a
// row goes by a masked load.
#if defined(__x86_64__)

#include <immintrin.h>

#include "simd/elements.h"

namespace elanus::simd {
namespace {

constexpr size_t kBytes = 64;

// Of the `lanes` elements that are within the row.
template <size_t kWidth>
uint64_t Compare(uint64_t lanes, const uint8_t* query, const uint8_t* row) {
  if constexpr (kWidth == 1) {
    const auto mask = static_cast<__mmask64>(lanes);
    return _mm512_mask_cmpeq_epi8_mask(mask,
                                       _mm512_maskz_loadu_epi8(mask, query),
                                       _mm512_maskz_loadu_epi8(mask, row));
  } else if constexpr (kWidth == 2) {
    const auto mask = static_cast<__mmask32>(lanes);
    return _mm512_mask_cmpeq_epi16_mask(mask,
                                        _mm512_maskz_loadu_epi16(mask, query),
                                        _mm512_maskz_loadu_epi16(mask, row));
  } else if constexpr (kWidth == 4) {
    const auto mask = static_cast<__mmask16>(lanes);
    return _mm512_mask_cmpeq_epi32_mask(mask,
                                        _mm512_maskz_loadu_epi32(mask, query),
                                        _mm512_maskz_loadu_epi32(mask, row));
  } else {
    const auto mask = static_cast<__mmask8>(lanes);
    return _mm512_mask_cmpeq_epi64_mask(mask,
                                        _mm512_maskz_loadu_epi64(mask, query),
                                        _mm512_maskz_loadu_epi64(mask, row));
  }
}

template <size_t kWidth>
void Equal(const uint8_t* query, const uint8_t* rows, size_t row_bytes,
           size_t count, uint32_t* out) {
  const size_t whole = row_bytes / kBytes * kBytes;
  const size_t rest = (row_bytes - whole) / kWidth;
  const uint64_t rest_lanes = (uint64_t{1} << rest) - 1;
  for (size_t row = 0; row < count; ++row, rows += row_bytes) {
    int equal = 0;
    for (size_t i = 0; i < whole; i += kBytes) {
      equal += __builtin_popcountll(
          Compare<kWidth>(~uint64_t{0}, query + i, rows + i));
    }
    if (rest != 0) {
      equal += __builtin_popcountll(
          Compare<kWidth>(rest_lanes, query + whole, rows + whole));
    }
    out[row] = static_cast<uint32_t>(equal);
  }
}

}  // namespace

const ElementKernels kAvx512Elements = {
    .name = "avx512", .equal = {Equal<1>, Equal<2>, Equal<4>, Equal<8>}};

}  // namespace elanus::simd

#endif

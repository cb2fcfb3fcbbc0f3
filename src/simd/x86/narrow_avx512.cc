// Sixteen values at a time; the rest by a masked load.
#if defined(__x86_64__)

#include <immintrin.h>

#include "simd/narrow.h"

namespace elanus::simd {
namespace {

__mmask16 FirstLanes(size_t count) {
  return static_cast<__mmask16>(count >= 16 ? 0xFFFFU : (1U << count) - 1);
}

struct HalfLanes {
  static constexpr size_t kBytes = 2;
  static __m512 Load(__mmask16 mask, const char* from) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, from));
  }
};

struct BfloatLanes {
  static constexpr size_t kBytes = 2;
  static __m512 Load(__mmask16 mask, const char* from) {
    const __m512i wide =
        _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, from));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
  }
};

struct Int8Lanes {
  static constexpr size_t kBytes = 1;
  static __m512 Load(__mmask16 mask, const char* from) {
    return _mm512_cvtepi32_ps(
        _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(mask, from)));
  }
};

template <typename Lanes>
void Decode(const void* from, size_t count, float* to) {
  const char* bytes = static_cast<const char*>(from);
  for (size_t i = 0; i < count; i += 16) {
    const __mmask16 mask = FirstLanes(count - i);
    _mm512_mask_storeu_ps(to + i, mask,
                          Lanes::Load(mask, bytes + i * Lanes::kBytes));
  }
}

}  // namespace

const NarrowKernels kAvx512Narrow = {.name = "avx512",
                                     .half = Decode<HalfLanes>,
                                     .bfloat = Decode<BfloatLanes>,
                                     .int8 = Decode<Int8Lanes>};

}  // namespace elanus::simd

#endif

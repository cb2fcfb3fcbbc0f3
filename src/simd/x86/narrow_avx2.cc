// Eight values at a time; the rest goes through a buffer of zeros.
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "simd/narrow.h"

namespace elanus::simd {
namespace {

constexpr size_t kLanes = 8;

struct HalfLanes {
  static constexpr size_t kBytes = 2;
  static __m256 Load(const void* from) {
    return _mm256_cvtph_ps(_mm_loadu_si128(static_cast<const __m128i*>(from)));
  }
};

struct BfloatLanes {
  static constexpr size_t kBytes = 2;
  static __m256 Load(const void* from) {
    const __m256i wide = _mm256_cvtepu16_epi32(
        _mm_loadu_si128(static_cast<const __m128i*>(from)));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
  }
};

struct Int8Lanes {
  static constexpr size_t kBytes = 1;
  static __m256 Load(const void* from) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(
        _mm_loadl_epi64(static_cast<const __m128i*>(from))));
  }
};

template <typename Lanes>
void Decode(const void* from, size_t count, float* to) {
  const char* bytes = static_cast<const char*>(from);
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    _mm256_storeu_ps(to + i, Lanes::Load(bytes + i * Lanes::kBytes));
  }
  if (i == count) return;
  char rest[kLanes * Lanes::kBytes] = {};
  float decoded[kLanes];
  memcpy(rest, bytes + i * Lanes::kBytes, (count - i) * Lanes::kBytes);
  _mm256_storeu_ps(decoded, Lanes::Load(rest));
  memcpy(to + i, decoded, (count - i) * sizeof(float));
}

}  // namespace

const NarrowKernels kAvx2Narrow = {.name = "avx2",
                                   .half = Decode<HalfLanes>,
                                   .bfloat = Decode<BfloatLanes>,
                                   .int8 = Decode<Int8Lanes>};

}  // namespace elanus::simd

#endif

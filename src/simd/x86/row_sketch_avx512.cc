// Bits against bytes by AVX-512: the bits of 64 dimensions are a mask, and one
// instruction (VNNI) adds up the weights that it lets through.
#if defined(__x86_64__)
#include "simd/x86/reduce_four.h"
#include "simd/x86/sketch_by_four.h"

namespace elanus::simd {
namespace {

constexpr size_t kLanes = 64;

__m128i FourSums(const int8_t* weights, const uint8_t* const* record,
                 size_t dim, size_t planes) {
  __m512i sum[kGroup] = {_mm512_setzero_si512(), _mm512_setzero_si512(),
                         _mm512_setzero_si512(), _mm512_setzero_si512()};
  const size_t plane_bytes = (dim + 7) / 8;
  for (size_t p = 0; p < planes; ++p) {
    const __m512i worth = _mm512_set1_epi8(static_cast<char>(1 << p));
    for (size_t d = 0; d < dim; d += kLanes) {
      // Zeros behind the last weight: what bits stand there does not count.
      const __m512i weight = _mm512_loadu_si512(weights + d);
      for (size_t j = 0; j < kGroup; ++j) {
        uint64_t bits;
        memcpy(&bits, record[j] + p * plane_bytes + d / 8, sizeof(bits));
        sum[j] = _mm512_dpbusd_epi32(
            sum[j], _mm512_maskz_mov_epi8(_cvtu64_mask64(bits), worth), weight);
      }
    }
  }
  return ReduceFour(sum);
}

}  // namespace

const RowSketchKernels kAvx512SketchKernels = {
    .name = "avx512", .bounds = BoundsByFour<FourSums>};

}  // namespace elanus::simd
#endif

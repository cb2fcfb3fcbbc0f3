// Hadamard transforms of up to 256 values without leaving the registers; of
// more, their parts, and sums and differences of these.
#if defined(__x86_64__)
#include <immintrin.h>

#include "simd/rotate_rounds.h"

namespace elanus::simd {
namespace {

constexpr size_t kLanes = 16;

// The levels within a register, at distances 1, 2, 4 and 8. Products with 1 and
// -1 are exact: fused or not, the sums are those of the other levels.
__m512 WithinLanes(__m512 x) {
  const auto level = [](__m512 values, __m512 swapped, __mmask16 upper) {
    return _mm512_mask_sub_ps(_mm512_add_ps(values, swapped), upper, swapped,
                              values);
  };
  x = level(x, _mm512_permute_ps(x, 0xB1), 0xAAAA);
  x = level(x, _mm512_permute_ps(x, 0x4E), 0xCCCC);
  x = level(x, _mm512_shuffle_f32x4(x, x, 0xB1), 0xF0F0);
  return level(x, _mm512_shuffle_f32x4(x, x, 0x4E), 0xFF00);
}

// Of kLanes * kRegisters values, times `scale`.
template <size_t kRegisters>
void Block(float* values, float scale) {
  __m512 x[kRegisters];
#pragma GCC unroll 16
  for (size_t i = 0; i < kRegisters; ++i) {
    x[i] = WithinLanes(_mm512_loadu_ps(values + i * kLanes));
  }
#pragma GCC unroll 4
  for (size_t half = 1; half < kRegisters; half *= 2) {
#pragma GCC unroll 16
    for (size_t i = 0; i < kRegisters; ++i) {
      if ((i & half) != 0) continue;
      const __m512 sum = _mm512_add_ps(x[i], x[i + half]);
      x[i + half] = _mm512_sub_ps(x[i], x[i + half]);
      x[i] = sum;
    }
  }
#pragma GCC unroll 16
  for (size_t i = 0; i < kRegisters; ++i) {
    _mm512_storeu_ps(values + i * kLanes,
                     _mm512_mul_ps(x[i], _mm512_set1_ps(scale)));
  }
}

void InRegisters(float* values, size_t count) {
  const float scale = 1 / sqrtf(static_cast<float>(count));
  switch (count) {
    case 16:
      return Block<1>(values, scale);
    case 32:
      return Block<2>(values, scale);
    case 64:
      return Block<4>(values, scale);
    case 128:
      return Block<8>(values, scale);
    case 256:
      return Block<16>(values, scale);
    default:
      break;
  }
  if (count < kLanes) return Hadamard(values, count);
  constexpr size_t kBlock = 256;
  for (size_t at = 0; at < count; at += kBlock) Block<16>(values + at, 1);
  for (size_t half = kBlock; half < count; half *= 2) {
    Butterflies<kLanes>(values, count, half);
  }
  for (size_t i = 0; i < count; ++i) values[i] *= scale;
}

}  // namespace

const RotationKernels kAvx512RotationKernels = {.name = "avx512",
                                                .rotate = Rotate<InRegisters>};

}  // namespace elanus::simd
#endif

// What the kernels of row_sketch.h do alike: rows four at a time, and bounds
// from four sums.
//
// Each file that includes it has a copy of its own, made with its instructions.
#pragma once

#include <immintrin.h>
#include <string.h>

#include "simd/row_sketch.h"

namespace elanus::simd {
namespace {

constexpr size_t kGroup = 4;

// The tails of four records, one below the other, as four floats each.
struct Tails {
  __m128 gain;
  __m128 bias;
  __m128 error;
};

// The last two of the eight bytes read are not of the tail.
Tails TailsOf(const uint8_t* const* tail) {
  const auto load = [](const uint8_t* at) {
    return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(at));
  };
  // g0 g1 b0 b1 e0 e1 . . and the same of rows 2 and 3, then all four.
  const __m128i low = _mm_unpacklo_epi16(load(tail[0]), load(tail[1]));
  const __m128i high = _mm_unpacklo_epi16(load(tail[2]), load(tail[3]));
  const __m128i gains_biases = _mm_unpacklo_epi32(low, high);
  const __m128i errors = _mm_unpackhi_epi32(low, high);
  const __m128i zero = _mm_setzero_si128();
  return {_mm_castsi128_ps(_mm_unpacklo_epi16(zero, gains_biases)),
          _mm_castsi128_ps(_mm_unpackhi_epi16(zero, gains_biases)),
          _mm_castsi128_ps(_mm_unpacklo_epi16(zero, errors))};
}

__m128 BoundsOf(const SketchProbe& probe, __m128i sums, const Tails& tails) {
  const __m128 product =
      _mm_fmadd_ps(_mm_set1_ps(probe.scale), _mm_cvtepi32_ps(sums),
                   _mm_set1_ps(probe.shift));
  const __m128 nearest = _mm_fnmadd_ps(
      tails.gain, product, _mm_add_ps(_mm_set1_ps(probe.base), tails.bias));
  return _mm_fnmadd_ps(tails.error, _mm_set1_ps(probe.reach), nearest);
}

// kFourSums(weights, record, dim, planes): the sums of four records.
template <__m128i (*kFourSums)(const int8_t*, const uint8_t* const*, size_t,
                               size_t)>
void BoundsByFour(const SketchProbe& probe, SketchTable table,
                  const uint32_t* rows, size_t count, float* out) {
  const size_t code_bytes = table.planes * ((table.dim + 7) / 8);
  for (size_t i = 0; i < count; i += kGroup) {
    const uint8_t* record[kGroup];
    const uint8_t* tail[kGroup];
    for (size_t j = 0; j < kGroup; ++j) {
      // Past the end the last row stands in for a missing one.
      const size_t at = i + j < count ? i + j : count - 1;
      record[j] = table.data + rows[at] * table.stride;
      tail[j] = record[j] + code_bytes;
    }
    const __m128 bounds = BoundsOf(
        probe, kFourSums(probe.weights, record, table.dim, table.planes),
        TailsOf(tail));
    if (count - i >= kGroup) {
      _mm_storeu_ps(out + i, bounds);
      continue;
    }
    float four[kGroup];
    _mm_storeu_ps(four, bounds);
    memcpy(out + i, four, (count - i) * sizeof(float));
  }
}

}  // namespace
}  // namespace elanus::simd

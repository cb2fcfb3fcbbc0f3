// The kernels of rotate.h, in loops that a compiler makes vector instructions
// of: each file that includes it has a copy of its own, made with its
// instructions.
#pragma once

#include <math.h>
#include <string.h>

#include "simd/rotate.h"

namespace elanus::simd {
namespace {

// Sums and differences of values that are `half` apart, a multiple of kRun.
template <size_t kRun>
void Butterflies(float* values, size_t count, size_t half) {
  for (size_t at = 0; at < count; at += 2 * half) {
    for (float* run = values + at; run < values + at + half; run += kRun) {
      float x[kRun];
      float y[kRun];
      memcpy(x, run, sizeof(x));
      memcpy(y, run + half, sizeof(y));
      for (size_t i = 0; i < kRun; ++i) run[i] = x[i] + y[i];
      for (size_t i = 0; i < kRun; ++i) run[i + half] = x[i] - y[i];
    }
  }
}

// The same within each four values, at distances 1 and 2.
inline void FourByFour(float* values, size_t count) {
  typedef float Four __attribute__((vector_size(16)));
  const Four every_second = {1, -1, 1, -1};
  const Four halves = {1, 1, -1, -1};
  for (size_t at = 0; at < count; at += 4) {
    Four x;
    memcpy(&x, values + at, sizeof(x));
    x = __builtin_shufflevector(x, x, 1, 0, 3, 2) + x * every_second;
    x = __builtin_shufflevector(x, x, 2, 3, 0, 1) + x * halves;
    memcpy(values + at, &x, sizeof(x));
  }
}

inline void Hadamard(float* values, size_t count) {
  if (count == 2) Butterflies<1>(values, count, 1);
  if (count > 2) FourByFour(values, count);
  if (count > 4) Butterflies<4>(values, count, 4);
  for (size_t half = 8; half < count; half *= 2) {
    Butterflies<8>(values, count, half);
  }
  const float scale = 1 / sqrtf(static_cast<float>(count));
  for (size_t i = 0; i < count; ++i) values[i] *= scale;
}

// `kHadamard(values, count)` transforms a window.
template <void (*kHadamard)(float*, size_t)>
void Rotate(const float* signs, size_t rounds, RotationShape shape,
            float* vector) {
  const float scale = sqrtf(0.5F);
  const size_t half = shape.dim / 2;
  for (size_t round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < shape.dim; ++i) {
      vector[i] *= signs[round * shape.dim + i];
    }
    kHadamard(vector + (round % 2 == 0 ? 0 : shape.dim - shape.window),
              shape.window);
    if (shape.window == shape.dim) continue;
    for (size_t i = 0; i < half; ++i) {
      const float x = vector[i];
      const float y = vector[i + half];
      vector[i] = (x + y) * scale;
      vector[i + half] = (x - y) * scale;
    }
  }
}

}  // namespace
}  // namespace elanus::simd

// A random rotation of a vector: rounds of random signs and fast Hadamard
// transforms over windows, and sums and differences of the halves
// (index/quantization/rotation.h).
//
//   simd::RotateKernels().rotate(signs, rounds, {dim, window}, vector);
//
// This header is included by files with instruction-set flags: C headers only.
//
// Threads: all kernels are pure. RotateKernels() from any thread.
#pragma once

#include <stddef.h>

namespace elanus::simd {

struct RotationShape {
  size_t dim;
  size_t window;  // the largest power of two within dim
};

// Changes `vector` in place. Round r has the signs from signs + r * dim on; its
// window is at the front in even rounds, at the back in odd ones. The result is
// the same at all levels, to the last bit.
using RotateKernel = void (*)(const float* signs, size_t rounds,
                              RotationShape shape, float* vector);

struct RotationKernels {
  const char* name;
  RotateKernel rotate;
};

// The best level of this machine.
const RotationKernels& RotateKernels();

// All levels that this machine can run, best first; the scalar one is last.
// `count` gets their number.
const RotationKernels* const* SupportedRotateKernels(size_t* count);

extern const RotationKernels kScalarRotationKernels;
#if defined(__x86_64__)
extern const RotationKernels kAvx2RotationKernels;
extern const RotationKernels kAvx512RotationKernels;
#endif

}  // namespace elanus::simd

// Rows of numbers narrower than float32, made float32. Every value of float16,
// bfloat16 and int8 is a float32, so nothing is lost.
//
//   simd::Narrow().half(row, dim, decoded);
//
// This header is included by files with instruction-set flags: C headers only.
//
// Threads: all kernels are pure; Narrow() from any thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace elanus::simd {

// to[i] = from[i] for i < count; any alignment.
using DecodeKernel = void (*)(const void* from, size_t count, float* to);

struct NarrowKernels {
  const char* name;
  DecodeKernel half;    // IEEE 754 binary16
  DecodeKernel bfloat;  // the upper half of a float32
  DecodeKernel int8;
};

// The best level of this machine.
const NarrowKernels& Narrow();

// All levels that this machine can run, best first; the scalar one is last.
// `count` gets their number.
const NarrowKernels* const* SupportedNarrow(size_t* count);

extern const NarrowKernels kScalarNarrow;
#if defined(__x86_64__)
extern const NarrowKernels kAvx2Narrow;
extern const NarrowKernels kAvx512Narrow;
#endif

}  // namespace elanus::simd

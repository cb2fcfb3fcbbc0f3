// Lower bounds of the distances of a query to rows that are known by one or two
// bits a dimension (index/quantization/sketch_codec.h).
//
// A record of a row: `planes` runs of (dim + 7) / 8 bytes, whose bits, lowest
// first, are the bits of its code, the lowest plane first; then gain, bias and
// error of the row as bfloat16; then anything up to the stride. With c[d] the
// code of dimension d and S = sum over d of weights[d] * c[d],
//   out = base + bias - gain * (scale * S + shift) - error * reach.
//
//   simd::SketchKernels().bounds(probe, table, rows, count, out);
//
// This header is included by files with instruction-set flags: C headers only.
//
// Threads: all kernels are pure. SketchKernels() from any thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace elanus::simd {

// What a record holds behind its planes.
inline constexpr size_t kSketchTail = 3 * sizeof(uint16_t);
// Kernels read up to so many bytes behind the last plane of a record.
inline constexpr size_t kSketchSlack = 8;
inline constexpr size_t kSketchWeights = 64;

// Row r starts at data + r * stride.
struct SketchTable {
  const uint8_t* data;
  size_t stride;
  size_t dim;
  size_t planes;  // 1 or 2
};

struct SketchProbe {
  const int8_t* weights;  // dim, zeros up to a multiple of kSketchWeights
  float base;
  float scale;
  float shift;
  float reach;
};

using SketchBoundsKernel = void (*)(const SketchProbe& probe, SketchTable table,
                                    const uint32_t* rows, size_t count,
                                    float* out);

struct RowSketchKernels {
  const char* name;
  SketchBoundsKernel bounds;
};

// The best level of this machine.
const RowSketchKernels& SketchKernels();

// All levels that this machine can run, best first; the scalar one is last.
// `count` gets their number.
const RowSketchKernels* const* SupportedSketchKernels(size_t* count);

extern const RowSketchKernels kScalarSketchKernels;
#if defined(__x86_64__)
extern const RowSketchKernels kAvx2SketchKernels;
extern const RowSketchKernels kAvx512SketchKernels;
#endif

}  // namespace elanus::simd

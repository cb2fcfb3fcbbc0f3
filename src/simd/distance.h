// Distances between float32 vectors: one table of kernels for each level of
// the instruction set, chosen once.
//
//   const simd::DistanceKernels& kernels = simd::Kernels();
//   float d = kernels.l2(x, y, dim);
//
// This header is included by files with instruction-set flags: C headers only.
//
// Threads: all kernels are pure. Kernels() from any thread; a swap for a test
//          only while nobody else computes.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace elanus::simd {

// Rows at equal distances in memory: row r starts at data + r * stride.
struct RowTable {
  const float* data;
  size_t stride;  // floats, at least dim
};

using PairKernel = float (*)(const float* x, const float* y, size_t dim);
// out[i] = f(query, rows.data + ids[i] * rows.stride)
using RowsKernel = void (*)(const float* query, RowTable rows,
                            const uint32_t* ids, size_t count, size_t dim,
                            float* out);
// out[q * row_count + r] = f(query q, row r)
using BlockKernel = void (*)(RowTable queries, size_t query_count,
                             RowTable rows, size_t row_count, size_t dim,
                             float* out);

struct DistanceKernels {
  const char* name;
  PairKernel l2;   // squared Euclidean distance
  PairKernel dot;  // inner product
  RowsKernel l2_rows;
  RowsKernel neg_dot_rows;  // minus the inner product: smaller is nearer
  BlockKernel l2_block;
  BlockKernel neg_dot_block;
};

// The best level of this machine.
const DistanceKernels& Kernels();

// All levels that this machine can run, best first; the scalar one is last.
// `count` gets their number.
const DistanceKernels* const* SupportedKernels(size_t* count);

// Makes Kernels() answer `kernels` until destroyed.
class ScopedKernelsForTest {
 public:
  explicit ScopedKernelsForTest(const DistanceKernels& kernels);
  ~ScopedKernelsForTest();
  ScopedKernelsForTest(const ScopedKernelsForTest&) = delete;
  ScopedKernelsForTest& operator=(const ScopedKernelsForTest&) = delete;

 private:
  const DistanceKernels* before_;
};

extern const DistanceKernels kScalarKernels;
#if defined(__x86_64__)
extern const DistanceKernels kAvx2Kernels;
extern const DistanceKernels kAvx512Kernels;
#endif

}  // namespace elanus::simd

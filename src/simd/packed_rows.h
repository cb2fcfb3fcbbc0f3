// Scores of a few queries against many rows that are looked at again and
// again: the centroids of a clustering, the codebooks of a quantiser.
//
// The rows are packed in panels of 32, value by value: panel p holds value d
// of row 32 p + i at [(p * dim + d) * 32 + i]. A register then holds one value
// of 16 rows, so nothing is added up across a register, and a tile of queries
// stays in registers while a panel streams by: the loop of a matrix product
// (Goto and van de Geijn, "Anatomy of high-performance matrix multiplication",
// ACM TOMS 34(3), 2008).
//
//   const simd::PackedKernels& kernels = simd::ChoosePackedKernels();
//   kernels.scores({queries, dim}, nq, panels, dim, -2.0F, out);
//   size_t nearest = kernels.smallest(out, panels.count * 32);
//
// C headers only: files with instruction-set flags include this.
//
// Threads: all kernels are pure.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "simd/distance.h"

namespace elanus::simd {

inline constexpr size_t kPanelRows = 32;

struct Panels {
  const float* values;
  const float* bias;  // one a row: 32 * count
  size_t count;
};

// out[q * 32 * panels.count + r] = panels.bias[r] + factor * <query q, row r>
using ScoresKernel = void (*)(RowTable queries, size_t query_count,
                              Panels panels, size_t dim, float factor,
                              float* out);
// The place of the first smallest of `count` > 0 values; a value that is no
// number is never smaller.
using SmallestKernel = size_t (*)(const float* values, size_t count);
// Writes the places of the values that are not greater than `bound`, in order,
// and returns how many. `places` has room for count + 16.
using CollectKernel = size_t (*)(const float* values, size_t count, float bound,
                                 uint32_t* places);

struct PackedKernels {
  const char* name;
  ScoresKernel scores;
  SmallestKernel smallest;
  CollectKernel collect;
};

// The best level of this machine.
const PackedKernels& ChoosePackedKernels();

// All levels that this machine can run, best first; the scalar one is last.
const PackedKernels* const* SupportedPackedKernels(size_t* count);

extern const PackedKernels kScalarPackedKernels;
#if defined(__x86_64__)
extern const PackedKernels kAvx2PackedKernels;
extern const PackedKernels kAvx512PackedKernels;
#endif

}  // namespace elanus::simd

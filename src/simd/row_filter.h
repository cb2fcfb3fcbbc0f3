// Which of some rows a filter lets pass: bits of rows that are scattered.
//
//   size_t passing =
//       simd::FilterKernels().passing(rows, count, excluded, first, out);
//
// This header is included by files with instruction-set flags: C headers only.
//
// Threads: all kernels are pure. FilterKernels() from any thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace elanus::simd {

// Kernels write up to so many values behind the last that they give.
inline constexpr size_t kFilterSlack = 16;

// Writes first + i for each row i of `rows` whose bit in `excluded` is not set,
// in their order, and returns how many. Bit r % 64 of word r / 64 is that of
// row r, for r below 2^31. `out` has room for count + kFilterSlack.
using PassingKernel = size_t (*)(const uint32_t* rows, size_t count,
                                 const uint64_t* excluded, uint32_t first,
                                 uint32_t* out);

struct RowFilterKernels {
  const char* name;
  PassingKernel passing;
};

// The best level of this machine.
const RowFilterKernels& FilterKernels();

// All levels that this machine can run, best first; the scalar one is last.
// `count` gets their number.
const RowFilterKernels* const* SupportedFilterKernels(size_t* count);

extern const RowFilterKernels kScalarFilterKernels;
#if defined(__x86_64__)
extern const RowFilterKernels kAvx512FilterKernels;
#endif

}  // namespace elanus::simd

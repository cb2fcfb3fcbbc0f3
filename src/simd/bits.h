// Counts of bits, of words and over rows of bytes that follow each other.
//
//   simd::Bits().differing(query, rows, row_bytes, count, out);
//   uint64_t count = simd::Bits().set(words, word_count);
//
// This header is included by files with instruction-set flags: C headers only.
//
// Threads: all kernels are pure; Bits() from any thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace elanus::simd {

// out[i] = set bits of (query xor row i); any alignment.
using BitsDifferingKernel = void (*)(const uint8_t* query, const uint8_t* rows,
                                     size_t row_bytes, size_t count,
                                     uint32_t* out);
// both[i] = set bits of (query and row i), either[i] = of (query or row i).
using BitsSharedKernel = void (*)(const uint8_t* query, const uint8_t* rows,
                                  size_t row_bytes, size_t count,
                                  uint32_t* both, uint32_t* either);
// Set bits of `count` words.
using BitsSetKernel = uint64_t (*)(const uint64_t* words, size_t count);

struct BitKernels {
  const char* name;
  BitsDifferingKernel differing;
  BitsSharedKernel shared;
  BitsSetKernel set;
};

// The best level of this machine.
const BitKernels& Bits();

// All levels that this machine can run, best first; the scalar one is last.
// `count` gets their number.
const BitKernels* const* SupportedBits(size_t* count);

extern const BitKernels kScalarBits;
#if defined(__x86_64__)
extern const BitKernels kAvx2Bits;
extern const BitKernels kAvx512Bits;  // VPOPCNTDQ
#endif

}  // namespace elanus::simd

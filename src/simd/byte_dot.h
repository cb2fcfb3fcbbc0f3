// Inner products of a query with rows of bytes, in whole numbers: what a walk
// over quantised vectors computes.
//
//   simd::ByteKernels().rows(query, {codes, stride}, ids, count, dim, out);
//
// This header is included by files with instruction-set flags: C headers only.
//
// Threads: all kernels are pure. ByteKernels() from any thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace elanus::simd {

// Row r starts at data + r * stride.
struct ByteTable {
  const uint8_t* data;
  size_t stride;  // at least dim
};

// out[i] = sum over d of query[d] * rows[ids[i]][d], exactly: dim may be up to
// 65536.
using ByteRowsKernel = void (*)(const int8_t* query, ByteTable rows,
                                const uint32_t* ids, size_t count, size_t dim,
                                int32_t* out);

struct ByteDotKernels {
  const char* name;
  ByteRowsKernel rows;
};

// The best level of this machine.
const ByteDotKernels& ByteKernels();

// All levels that this machine can run, best first; the scalar one is last.
// `count` gets their number.
const ByteDotKernels* const* SupportedByteKernels(size_t* count);

extern const ByteDotKernels kScalarByteKernels;
#if defined(__x86_64__)
extern const ByteDotKernels kAvx2ByteKernels;
extern const ByteDotKernels kVnniByteKernels;
#endif

}  // namespace elanus::simd

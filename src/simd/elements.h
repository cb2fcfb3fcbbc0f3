// Counts of equal elements over rows of elements of 1, 2, 4 or 8 bytes that
// follow each other: how many places of two signatures agree.
//
//   simd::Elements().equal[simd::WidthOf(4)](query, rows, row_bytes, count,
//                                            out);
//
// This header is included by files with instruction-set flags: C headers only.
//
// Threads: all kernels are pure; Elements() from any thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace elanus::simd {

// out[i] = elements of row i that equal the query's at their place.
// `row_bytes` is a multiple of the element's; any alignment.
using EqualElementsKernel = void (*)(const uint8_t* query, const uint8_t* rows,
                                     size_t row_bytes, size_t count,
                                     uint32_t* out);

struct ElementKernels {
  const char* name;
  EqualElementsKernel equal[4];  // of elements of 1, 2, 4 and 8 bytes
};

// The best level of this machine.
const ElementKernels& Elements();

// The kernel's place for elements of so many bytes.
constexpr size_t WidthOf(size_t element_bytes) {
  return element_bytes == 1   ? 0
         : element_bytes == 2 ? 1
         : element_bytes == 4 ? 2
                              : 3;
}

// All levels that this machine can run, best first; the scalar one is last.
// `count` gets their number.
const ElementKernels* const* SupportedElements(size_t* count);

extern const ElementKernels kScalarElements;
#if defined(__x86_64__)
extern const ElementKernels kAvx2Elements;
extern const ElementKernels kAvx512Elements;
#endif

}  // namespace elanus::simd

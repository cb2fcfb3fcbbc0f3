// Finds the rows that may be near a query by their 8-bit codes: whoever cannot
// be within the bound is left out for good, the others are to be computed
// exactly. A row is coded as scale * code, code in -127 .. 127, and knows how
// far that is from itself, so that "cannot be" is proven, not guessed:
//
//   dot:  |q.x - p| <= |q| |x - x'| + |q - q'| |x'|       p = q'.x'
//   L2:   |q - x| >= |q' - x'| - |x - x'| - |q - q'|      x', q' as coded
//
//   const size_t found = simd::CodeScan()->dot(table, 0, 4, query, in, rows);
//
// Sixteen rows make a group. Its codes lie four dimensions of one row after
// four of the next, as the multiply-add of four bytes wants them, so sums of
// sixteen rows end in sixteen lanes.
//
// This header is included by files with instruction-set flags: C headers only.
//
// Threads: pure functions.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace elanus::simd {

constexpr size_t kCodeGroup = 16;
// The code 0 as it is stored: stored = code + 128.
constexpr uint8_t kCodeZero = 128;

struct CodeTable {
  // Group g at codes + g * kCodeGroup * width: for each four dimensions, the
  // four codes of each of the sixteen rows. width = dim rounded up to 4.
  const uint8_t* codes;
  size_t width;
  // One of each a row, up to the end of the last group.
  const float* scales;
  const float* errors;  // at least |x - x'|, rounding errors included
  const float* sizes;   // dot: at least |x'|; L2: at most |x'|^2
};

struct CodeQuery {
  const int8_t* codes;  // width of them, zero beyond the dimension
  int32_t code_sum;     // of all codes
  float scale;          // q' = scale * code
  float constant;       // L2: at most |q'|^2
  float error_weight;   // dot: at least |q|
  float size_weight;    // dot: at least |q - q'|
  // dot: rows at a distance (minus the product) above it are out. L2: the same
  // for the distance, its root taken, plus |q - q'|.
  float bound;
};

// Goes over `groups` groups from `first_group` on and puts the numbers of the
// rows that may be within the bound into `rows` (room for all of them); returns
// how many. `included` has a bit for each row of a group, the lowest for its
// first; groups without any are not touched.
using CodeScanKernel = size_t (*)(const CodeTable& table, size_t first_group,
                                  size_t groups, const CodeQuery& query,
                                  const uint16_t* included, uint32_t* rows);
// As above for `count` queries at once, at most kCodeQueries: query i's rows go
// to rows + i * groups * kCodeGroup, their number to found[i].
using CodeBatchKernel = void (*)(const CodeTable& table, size_t first_group,
                                 size_t groups, const CodeQuery* queries,
                                 size_t count, const uint16_t* included,
                                 uint32_t* rows, size_t* found);

constexpr size_t kCodeQueries = 4;

struct CodeScanKernels {
  const char* name;
  CodeScanKernel dot;
  CodeScanKernel l2;
  CodeBatchKernel dot_batch;
  CodeBatchKernel l2_batch;
};

// Null on a machine where this is no faster than the floats are.
const CodeScanKernels* CodeScan();

extern const CodeScanKernels kScalarCodeScan;
#if defined(__x86_64__)
extern const CodeScanKernels kAvx512CodeScan;
#endif

// Makes CodeScan() answer `kernels` until destroyed; only while nobody else
// searches.
class ScopedCodeScanForTest {
 public:
  explicit ScopedCodeScanForTest(const CodeScanKernels* kernels);
  ~ScopedCodeScanForTest();
  ScopedCodeScanForTest(const ScopedCodeScanForTest&) = delete;
  ScopedCodeScanForTest& operator=(const ScopedCodeScanForTest&) = delete;

 private:
  const CodeScanKernels* before_;
};

}  // namespace elanus::simd

// Scores of one query against short codes of rows, 32 rows at a time.
//
// Codes lie block by block, a block being 32 rows; what a block holds depends
// on the kernel:
//
// nibble_sums  `groups` runs of 64 bytes, one for 4 sub-codes of 4 bits. Byte
//              4 r + j holds sub-code j of row r (low half) and of row r + 16
//              (high half). The table has 64 bytes a run: 16 for each of the 4
//              sub-codes.
// byte_sums    `groups` runs of 32 bytes, one for a sub-code of 8 bits: byte r
//              is row r's. The table has 256 bytes a run.
// byte_dots    `groups` runs of 128 bytes, one for 4 values of 8 bits: byte
//              4 r + j holds value j of row r. The table has 4 signed bytes a
//              run: the query's values.
//
// The sum of what the table says for a row (for byte_dots: of the products) is
// exact; the answer is made of it by `ScoreOf`.
//
// The layout of nibbles lets one instruction look up 64 sub-codes in four
// tables at once and another add up the four of each row (AVX-512 VBMI, VNNI);
// the idea of tables in registers is of F. Andre et al., "Cache locality is
// not enough: high-performance nearest neighbor search with product
// quantization fast scan", VLDB 9(4), 2015.
//
// C headers only: files with instruction-set flags include this.
//
// Threads: all kernels are pure.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace elanus::simd {

inline constexpr size_t kScanRows = 32;
inline constexpr size_t kNibbleGroupBytes = 64;
inline constexpr size_t kByteGroupBytes = 32;
inline constexpr size_t kDotGroupBytes = 128;

// score = base + bias[row] + scale[row] * (shift + delta * sum)
struct ScoreOf {
  float delta = 1;
  float shift = 0;
  float base = 0;
  const float* scale = nullptr;  // one a row; null = 1
  const float* bias = nullptr;   // one a row; null = 0
};

// out has room for 32 * blocks.
using TableScan = void (*)(const uint8_t* codes, size_t blocks, size_t groups,
                           const uint8_t* table, ScoreOf score, float* out);
using DotScan = void (*)(const uint8_t* codes, size_t blocks, size_t groups,
                         const int8_t* query, ScoreOf score, float* out);

struct CodeKernels {
  const char* name;
  TableScan nibble_sums;
  TableScan byte_sums;
  DotScan byte_dots;
};

// The best level of this machine.
const CodeKernels& ChooseCodeKernels();

// All levels that this machine can run, best first; the scalar one is last.
const CodeKernels* const* SupportedCodeKernels(size_t* count);

extern const CodeKernels kScalarCodeKernels;
#if defined(__x86_64__)
extern const CodeKernels kAvx2CodeKernels;
extern const CodeKernels kAvx512CodeKernels;
#endif

}  // namespace elanus::simd

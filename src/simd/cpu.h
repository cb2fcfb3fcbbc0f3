// What this CPU and its operating system can run. A set of instructions counts
// only if the operating system saves its registers.
#pragma once

namespace elanus::simd {

struct CpuFeatures {
  bool avx2 = false;             // with FMA and F16C
  bool avx512 = false;           // F, DQ, BW, VL, with FMA
  bool avx512_popcount = false;  // avx512 with VPOPCNTDQ
  bool avx512_bytes = false;     // avx512 with VBMI and VNNI
};

const CpuFeatures& Cpu();

}  // namespace elanus::simd

#include "simd/cpu.h"

namespace elanus::simd {
namespace {

// __builtin_cpu_supports looks at CPUID and at XGETBV.
CpuFeatures Find() {
  CpuFeatures found;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool has_fma = __builtin_cpu_supports("fma") != 0;
  found.avx2 = has_fma && __builtin_cpu_supports("avx2") != 0 &&
               __builtin_cpu_supports("f16c") != 0;
  found.avx512 = found.avx2 && __builtin_cpu_supports("avx512f") != 0 &&
                 __builtin_cpu_supports("avx512dq") != 0 &&
                 __builtin_cpu_supports("avx512bw") != 0 &&
                 __builtin_cpu_supports("avx512vl") != 0;
  found.avx512_popcount =
      found.avx512 && __builtin_cpu_supports("avx512vpopcntdq") != 0;
  found.avx512_bytes = found.avx512 &&
                       __builtin_cpu_supports("avx512vbmi") != 0 &&
                       __builtin_cpu_supports("avx512vnni") != 0;
#endif
  return found;
}

}  // namespace

const CpuFeatures& Cpu() {
  static const CpuFeatures features = Find();
  return features;
}

}  // namespace elanus::simd

#include "simd/cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace elanus::simd {
namespace {

#if defined(__x86_64__)
// Clang 16 does not know this one by name. That the registers it needs are
// saved, AVX2 implies.
bool HasF16c() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}
#endif

// __builtin_cpu_supports looks at CPUID and at XGETBV.
CpuFeatures Find() {
  CpuFeatures found;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool has_fma = __builtin_cpu_supports("fma") != 0;
  found.avx2 = has_fma && __builtin_cpu_supports("avx2") != 0 && HasF16c();
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

#include "simd/distance.h"

#include <array>
#include <atomic>

namespace elanus::simd {
namespace {

struct Levels {
  std::array<const DistanceKernels*, 3> tables{};
  size_t count = 0;
};

// __builtin_cpu_supports looks at CPUID and at XGETBV: a level counts only if
// the operating system saves its registers.
Levels FindLevels() {
  Levels levels;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool has_fma = __builtin_cpu_supports("fma") != 0;
  if (has_fma && __builtin_cpu_supports("avx512f") != 0 &&
      __builtin_cpu_supports("avx512dq") != 0 &&
      __builtin_cpu_supports("avx512bw") != 0 &&
      __builtin_cpu_supports("avx512vl") != 0) {
    levels.tables[levels.count++] = &kAvx512Kernels;
  }
  if (has_fma && __builtin_cpu_supports("avx2") != 0) {
    levels.tables[levels.count++] = &kAvx2Kernels;
  }
#endif
  levels.tables[levels.count++] = &kScalarKernels;
  return levels;
}

const Levels& AllLevels() {
  static const Levels levels = FindLevels();
  return levels;
}

std::atomic<const DistanceKernels*>& Chosen() {
  static std::atomic<const DistanceKernels*> chosen{AllLevels().tables[0]};
  return chosen;
}

}  // namespace

const DistanceKernels& Kernels() {
  return *Chosen().load(std::memory_order_relaxed);
}

const DistanceKernels* const* SupportedKernels(size_t* count) {
  *count = AllLevels().count;
  return AllLevels().tables.data();
}

ScopedKernelsForTest::ScopedKernelsForTest(const DistanceKernels& kernels)
    : before_(Chosen().exchange(&kernels)) {}

ScopedKernelsForTest::~ScopedKernelsForTest() { Chosen().store(before_); }

}  // namespace elanus::simd

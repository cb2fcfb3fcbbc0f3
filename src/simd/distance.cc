#include "simd/distance.h"

#include <array>
#include <atomic>

#include "simd/cpu.h"

namespace elanus::simd {
namespace {

struct Levels {
  std::array<const DistanceKernels*, 3> tables{};
  size_t count = 0;
};

Levels FindLevels() {
  Levels levels;
#if defined(__x86_64__)
  if (Cpu().avx512) levels.tables[levels.count++] = &kAvx512Kernels;
  if (Cpu().avx2) levels.tables[levels.count++] = &kAvx2Kernels;
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

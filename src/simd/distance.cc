#include "simd/distance.h"

#include <atomic>

#include "simd/cpu.h"
#include "simd/levels.h"

namespace elanus::simd {
namespace {

const Levels<DistanceKernels>& AllLevels() {
  static const Levels<DistanceKernels> levels {
#if defined(__x86_64__)
    {Cpu().avx512, &kAvx512Kernels}, {Cpu().avx2, &kAvx2Kernels},
#endif
    {
      true, &kScalarKernels
    }
  };
  return levels;
}

std::atomic<const DistanceKernels*>& Chosen() {
  static std::atomic<const DistanceKernels*> chosen{&AllLevels().best()};
  return chosen;
}

}  // namespace

const DistanceKernels& Kernels() {
  return *Chosen().load(std::memory_order_relaxed);
}

const DistanceKernels* const* SupportedKernels(size_t* count) {
  return AllLevels().All(count);
}

ScopedKernelsForTest::ScopedKernelsForTest(const DistanceKernels& kernels)
    : before_(Chosen().exchange(&kernels)) {}

ScopedKernelsForTest::~ScopedKernelsForTest() { Chosen().store(before_); }

}  // namespace elanus::simd

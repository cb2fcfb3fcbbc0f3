#include "simd/rotate.h"

#include "simd/cpu.h"
#include "simd/levels.h"
#include "simd/rotate_rounds.h"

namespace elanus::simd {
namespace {

const Levels<RotationKernels>& AllLevels() {
  static const Levels<RotationKernels> levels {
#if defined(__x86_64__)
    {Cpu().avx512, &kAvx512RotationKernels},
        {Cpu().avx2, &kAvx2RotationKernels},
#endif
    {
      true, &kScalarRotationKernels
    }
  };
  return levels;
}

}  // namespace

const RotationKernels kScalarRotationKernels = {.name = "scalar",
                                                .rotate = Rotate<Hadamard>};

const RotationKernels& RotateKernels() { return AllLevels().best(); }

const RotationKernels* const* SupportedRotateKernels(size_t* count) {
  return AllLevels().All(count);
}

}  // namespace elanus::simd

#include "simd/row_filter.h"

#include "simd/cpu.h"
#include "simd/levels.h"

namespace elanus::simd {
namespace {

// The specification.
size_t Passing(const uint32_t* rows, size_t count, const uint64_t* excluded,
               uint32_t first, uint32_t* out) {
  size_t passing = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t row = rows[i];
    // No branch: nobody could foretell it.
    out[passing] = first + static_cast<uint32_t>(i);
    passing += 1 - (excluded[row / 64] >> row % 64 & 1);
  }
  return passing;
}

const Levels<RowFilterKernels>& AllLevels() {
  static const Levels<RowFilterKernels> levels {
#if defined(__x86_64__)
    {Cpu().avx512, &kAvx512FilterKernels},
#endif
    {
      true, &kScalarFilterKernels
    }
  };
  return levels;
}

}  // namespace

const RowFilterKernels kScalarFilterKernels = {.name = "scalar",
                                               .passing = Passing};

const RowFilterKernels& FilterKernels() { return AllLevels().best(); }

const RowFilterKernels* const* SupportedFilterKernels(size_t* count) {
  return AllLevels().All(count);
}

}  // namespace elanus::simd

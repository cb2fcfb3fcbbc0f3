// The loops of rotate_rounds.h by AVX2, without FMA: nothing is rounded in
// another way.
#if defined(__x86_64__)
#include "simd/rotate_rounds.h"

namespace elanus::simd {

const RotationKernels kAvx2RotationKernels = {.name = "avx2",
                                              .rotate = Rotate<Hadamard>};

}  // namespace elanus::simd
#endif

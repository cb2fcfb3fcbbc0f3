#include "simd/byte_dot.h"

#include "simd/cpu.h"
#include "simd/levels.h"

namespace elanus::simd {
namespace {

// The specification.
void Rows(const int8_t* query, ByteTable rows, const uint32_t* ids,
          size_t count, size_t dim, int32_t* out) {
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* row = rows.data + ids[i] * rows.stride;
    int32_t sum = 0;
    for (size_t d = 0; d < dim; ++d) sum += int32_t{query[d]} * row[d];
    out[i] = sum;
  }
}

const Levels<ByteDotKernels>& AllLevels() {
  static const Levels<ByteDotKernels> levels {
#if defined(__x86_64__)
    {Cpu().avx512_bytes, &kVnniByteKernels}, {Cpu().avx2, &kAvx2ByteKernels},
#endif
    {
      true, &kScalarByteKernels
    }
  };
  return levels;
}

}  // namespace

const ByteDotKernels kScalarByteKernels = {.name = "scalar", .rows = Rows};

const ByteDotKernels& ByteKernels() { return AllLevels().best(); }

const ByteDotKernels* const* SupportedByteKernels(size_t* count) {
  return AllLevels().All(count);
}

}  // namespace elanus::simd

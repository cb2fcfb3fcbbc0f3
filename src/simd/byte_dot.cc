#include "simd/byte_dot.h"

#include <array>

#include "simd/cpu.h"

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

struct Levels {
  std::array<const ByteDotKernels*, 3> tables{};
  size_t count = 0;
};

Levels FindLevels() {
  Levels levels;
#if defined(__x86_64__)
  if (Cpu().avx512_bytes) levels.tables[levels.count++] = &kVnniByteKernels;
  if (Cpu().avx2) levels.tables[levels.count++] = &kAvx2ByteKernels;
#endif
  levels.tables[levels.count++] = &kScalarByteKernels;
  return levels;
}

const Levels& AllLevels() {
  static const Levels levels = FindLevels();
  return levels;
}

}  // namespace

const ByteDotKernels kScalarByteKernels = {.name = "scalar", .rows = Rows};

const ByteDotKernels& ByteKernels() { return *AllLevels().tables[0]; }

const ByteDotKernels* const* SupportedByteKernels(size_t* count) {
  *count = AllLevels().count;
  return AllLevels().tables.data();
}

}  // namespace elanus::simd

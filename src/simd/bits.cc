#include "simd/bits.h"

#include <array>
#include <bit>

#include "simd/cpu.h"

namespace elanus::simd {
namespace {

uint32_t Count(uint8_t byte) {
  return static_cast<uint32_t>(std::popcount(byte));
}

void Differing(const uint8_t* query, const uint8_t* rows, size_t row_bytes,
               size_t count, uint32_t* out) {
  for (size_t row = 0; row < count; ++row, rows += row_bytes) {
    out[row] = 0;
    for (size_t i = 0; i < row_bytes; ++i) {
      out[row] += Count(static_cast<uint8_t>(query[i] ^ rows[i]));
    }
  }
}

void Shared(const uint8_t* query, const uint8_t* rows, size_t row_bytes,
            size_t count, uint32_t* both, uint32_t* either) {
  for (size_t row = 0; row < count; ++row, rows += row_bytes) {
    both[row] = 0;
    either[row] = 0;
    for (size_t i = 0; i < row_bytes; ++i) {
      both[row] += Count(static_cast<uint8_t>(query[i] & rows[i]));
      either[row] += Count(static_cast<uint8_t>(query[i] | rows[i]));
    }
  }
}

struct Levels {
  std::array<const BitKernels*, 3> tables{};
  size_t count = 0;
};

Levels FindLevels() {
  Levels levels;
#if defined(__x86_64__)
  if (Cpu().avx512_popcount) levels.tables[levels.count++] = &kAvx512Bits;
  if (Cpu().avx2) levels.tables[levels.count++] = &kAvx2Bits;
#endif
  levels.tables[levels.count++] = &kScalarBits;
  return levels;
}

const Levels& AllLevels() {
  static const Levels levels = FindLevels();
  return levels;
}

}  // namespace

const BitKernels kScalarBits = {
    .name = "scalar", .differing = Differing, .shared = Shared};

const BitKernels& Bits() { return *AllLevels().tables[0]; }

const BitKernels* const* SupportedBits(size_t* count) {
  *count = AllLevels().count;
  return AllLevels().tables.data();
}

}  // namespace elanus::simd

#include "simd/bits.h"

#include <bit>

#include "simd/cpu.h"
#include "simd/levels.h"

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

uint64_t Set(const uint64_t* words, size_t count) {
  uint64_t set = 0;
  for (size_t i = 0; i < count; ++i) {
    set += static_cast<uint64_t>(std::popcount(words[i]));
  }
  return set;
}

const Levels<BitKernels>& AllLevels() {
  static const Levels<BitKernels> levels {
#if defined(__x86_64__)
    {Cpu().avx512_popcount, &kAvx512Bits}, {Cpu().avx2, &kAvx2Bits},
#endif
    {
      true, &kScalarBits
    }
  };
  return levels;
}

}  // namespace

const BitKernels kScalarBits = {
    .name = "scalar", .differing = Differing, .shared = Shared, .set = Set};

const BitKernels& Bits() { return AllLevels().best(); }

const BitKernels* const* SupportedBits(size_t* count) {
  return AllLevels().All(count);
}

}  // namespace elanus::simd

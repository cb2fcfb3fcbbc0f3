#include "simd/narrow.h"

#include <string.h>

#include <bit>

#include "simd/cpu.h"
#include "simd/levels.h"

namespace elanus::simd {
namespace {

template <typename T>
T Load(const void* from, size_t i) {
  T value;
  memcpy(&value, static_cast<const char*>(from) + i * sizeof(T), sizeof(T));
  return value;
}

float FromHalf(uint16_t bits) {
  const uint32_t sign = uint32_t{bits & 0x8000U} << 16;
  const uint32_t exponent = (bits >> 10) & 0x1FU;
  const uint32_t fraction = bits & 0x3FFU;
  if (exponent == 0) {  // zero, or fraction * 2^-24
    const float value = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -value : value;
  }
  // The bias of 15 becomes 127; infinity and NaN keep all ones.
  const uint32_t wide = exponent == 0x1F ? 0xFF : exponent + 112;
  return std::bit_cast<float>(sign | (wide << 23) | (fraction << 13));
}

void Half(const void* from, size_t count, float* to) {
  for (size_t i = 0; i < count; ++i) to[i] = FromHalf(Load<uint16_t>(from, i));
}

void Bfloat(const void* from, size_t count, float* to) {
  for (size_t i = 0; i < count; ++i) {
    to[i] = std::bit_cast<float>(uint32_t{Load<uint16_t>(from, i)} << 16);
  }
}

void Int8(const void* from, size_t count, float* to) {
  for (size_t i = 0; i < count; ++i) to[i] = Load<int8_t>(from, i);
}

const Levels<NarrowKernels>& AllLevels() {
  static const Levels<NarrowKernels> levels {
#if defined(__x86_64__)
    {Cpu().avx512, &kAvx512Narrow}, {Cpu().avx2, &kAvx2Narrow},
#endif
    {
      true, &kScalarNarrow
    }
  };
  return levels;
}

}  // namespace

const NarrowKernels kScalarNarrow = {
    .name = "scalar", .half = Half, .bfloat = Bfloat, .int8 = Int8};

const NarrowKernels& Narrow() { return AllLevels().best(); }

const NarrowKernels* const* SupportedNarrow(size_t* count) {
  return AllLevels().All(count);
}

}  // namespace elanus::simd

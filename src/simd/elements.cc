#include "simd/elements.h"

#include <cstring>

#include "simd/cpu.h"
#include "simd/levels.h"

namespace elanus::simd {
namespace {

template <typename Element>
void Equal(const uint8_t* query, const uint8_t* rows, size_t row_bytes,
           size_t count, uint32_t* out) {
  for (size_t row = 0; row < count; ++row, rows += row_bytes) {
    out[row] = 0;
    for (size_t i = 0; i < row_bytes; i += sizeof(Element)) {
      Element a;
      Element b;
      std::memcpy(&a, query + i, sizeof(Element));
      std::memcpy(&b, rows + i, sizeof(Element));
      out[row] += a == b ? 1 : 0;
    }
  }
}

const Levels<ElementKernels>& AllLevels() {
  static const Levels<ElementKernels> levels {
#if defined(__x86_64__)
    {Cpu().avx512, &kAvx512Elements}, {Cpu().avx2, &kAvx2Elements},
#endif
    {
      true, &kScalarElements
    }
  };
  return levels;
}

}  // namespace

const ElementKernels kScalarElements = {
    .name = "scalar",
    .equal = {Equal<uint8_t>, Equal<uint16_t>, Equal<uint32_t>,
              Equal<uint64_t>}};

const ElementKernels& Elements() { return AllLevels().best(); }

const ElementKernels* const* SupportedElements(size_t* count) {
  return AllLevels().All(count);
}

}  // namespace elanus::simd

#include "simd/row_sketch.h"

#include <cstring>

#include "simd/cpu.h"
#include "simd/levels.h"

namespace elanus::simd {
namespace {

float FromBfloat(const uint8_t* at) {
  uint16_t upper = 0;
  std::memcpy(&upper, at, sizeof(upper));
  const uint32_t bits = uint32_t{upper} << 16;
  float value = 0;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

// The specification.
void Bounds(const SketchProbe& probe, SketchTable table, const uint32_t* rows,
            size_t count, float* out) {
  const size_t plane_bytes = (table.dim + 7) / 8;
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* const record = table.data + rows[i] * table.stride;
    int32_t sum = 0;
    for (size_t p = 0; p < table.planes; ++p) {
      const uint8_t* const plane = record + p * plane_bytes;
      int32_t of_plane = 0;
      for (size_t d = 0; d < table.dim; ++d) {
        if ((plane[d / 8] >> d % 8 & 1) != 0) of_plane += probe.weights[d];
      }
      sum += of_plane * (int32_t{1} << p);
    }
    const uint8_t* const tail = record + table.planes * plane_bytes;
    const float gain = FromBfloat(tail);
    const float bias = FromBfloat(tail + 2);
    const float error = FromBfloat(tail + 4);
    const float product = probe.scale * static_cast<float>(sum) + probe.shift;
    out[i] = probe.base + bias - gain * product - error * probe.reach;
  }
}

const Levels<RowSketchKernels>& AllLevels() {
  static const Levels<RowSketchKernels> levels {
#if defined(__x86_64__)
    {Cpu().avx512_bytes, &kAvx512SketchKernels},
        {Cpu().avx2, &kAvx2SketchKernels},
#endif
    {
      true, &kScalarSketchKernels
    }
  };
  return levels;
}

}  // namespace

const RowSketchKernels kScalarSketchKernels = {.name = "scalar",
                                               .bounds = Bounds};

const RowSketchKernels& SketchKernels() { return AllLevels().best(); }

const RowSketchKernels* const* SupportedSketchKernels(size_t* count) {
  return AllLevels().All(count);
}

}  // namespace elanus::simd

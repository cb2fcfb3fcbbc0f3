// The choice, and the specification: plain loops.
#include "simd/list_codes.h"

#include "simd/cpu.h"
#include "simd/levels.h"

namespace elanus::simd {
namespace {

void PutScores(const int32_t* sums, size_t block, const ScoreOf& score,
               float* out) {
  for (size_t r = 0; r < kScanRows; ++r) {
    const size_t row = block * kScanRows + r;
    float value = score.shift + score.delta * static_cast<float>(sums[r]);
    if (score.scale != nullptr) value *= score.scale[row];
    value += score.base;
    if (score.bias != nullptr) value += score.bias[row];
    out[row] = value;
  }
}

void NibbleSums(const uint8_t* codes, size_t blocks, size_t groups,
                const uint8_t* table, ScoreOf score, float* out) {
  for (size_t block = 0; block < blocks; ++block) {
    int32_t sums[kScanRows] = {};
    for (size_t g = 0; g < groups; ++g, codes += kNibbleGroupBytes) {
      for (size_t i = 0; i < kNibbleGroupBytes; ++i) {
        const uint8_t* entries = table + g * 64 + i % 4 * 16;
        sums[i / 4] += entries[codes[i] & 15];
        sums[i / 4 + 16] += entries[codes[i] >> 4];
      }
    }
    PutScores(sums, block, score, out);
  }
}

void ByteSums(const uint8_t* codes, size_t blocks, size_t groups,
              const uint8_t* table, ScoreOf score, float* out) {
  for (size_t block = 0; block < blocks; ++block) {
    int32_t sums[kScanRows] = {};
    for (size_t g = 0; g < groups; ++g, codes += kByteGroupBytes) {
      for (size_t r = 0; r < kScanRows; ++r) {
        sums[r] += table[g * 256 + codes[r]];
      }
    }
    PutScores(sums, block, score, out);
  }
}

void ByteDots(const uint8_t* codes, size_t blocks, size_t groups,
              const int8_t* query, ScoreOf score, float* out) {
  for (size_t block = 0; block < blocks; ++block) {
    int32_t sums[kScanRows] = {};
    for (size_t g = 0; g < groups; ++g, codes += kDotGroupBytes) {
      for (size_t i = 0; i < kDotGroupBytes; ++i) {
        sums[i / 4] += int32_t{codes[i]} * int32_t{query[g * 4 + i % 4]};
      }
    }
    PutScores(sums, block, score, out);
  }
}

const Levels<CodeKernels>& AllLevels() {
  static const Levels<CodeKernels> levels {
#if defined(__x86_64__)
    {Cpu().avx512_bytes, &kAvx512CodeKernels}, {Cpu().avx2, &kAvx2CodeKernels},
#endif
    {
      true, &kScalarCodeKernels
    }
  };
  return levels;
}

}  // namespace

const CodeKernels& ChooseCodeKernels() { return AllLevels().best(); }

const CodeKernels* const* SupportedCodeKernels(size_t* count) {
  return AllLevels().All(count);
}

const CodeKernels kScalarCodeKernels = {
    .name = "scalar",
    .nibble_sums = NibbleSums,
    .byte_sums = ByteSums,
    .byte_dots = ByteDots,
};

}  // namespace elanus::simd

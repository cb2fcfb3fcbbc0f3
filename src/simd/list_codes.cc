// The choice, and the specification: plain loops.
#include "simd/list_codes.h"

#include <array>

#include "simd/cpu.h"

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

struct Levels {
  std::array<const CodeKernels*, 3> tables{};
  size_t count = 0;
};

Levels FindLevels() {
  Levels levels;
#if defined(__x86_64__)
  if (Cpu().avx512_bytes) levels.tables[levels.count++] = &kAvx512CodeKernels;
  if (Cpu().avx2) levels.tables[levels.count++] = &kAvx2CodeKernels;
#endif
  levels.tables[levels.count++] = &kScalarCodeKernels;
  return levels;
}

const Levels& AllLevels() {
  static const Levels levels = FindLevels();
  return levels;
}

}  // namespace

const CodeKernels& ChooseCodeKernels() { return *AllLevels().tables[0]; }

const CodeKernels* const* SupportedCodeKernels(size_t* count) {
  *count = AllLevels().count;
  return AllLevels().tables.data();
}

const CodeKernels kScalarCodeKernels = {
    .name = "scalar",
    .nibble_sums = NibbleSums,
    .byte_sums = ByteSums,
    .byte_dots = ByteDots,
};

}  // namespace elanus::simd

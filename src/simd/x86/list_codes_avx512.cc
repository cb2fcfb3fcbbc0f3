// The kernels for AVX-512 with VBMI and VNNI.
#if defined(__x86_64__)
#include <immintrin.h>

#include "simd/list_codes.h"

namespace elanus::simd {
namespace {

// The scores of 16 rows whose sums are in `sums`, `row` the first.
void PutScores(__m512i sums, size_t row, const ScoreOf& score, float* out) {
  __m512 value =
      _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums), _mm512_set1_ps(score.delta),
                      _mm512_set1_ps(score.shift));
  if (score.scale != nullptr) {
    value = _mm512_mul_ps(value, _mm512_loadu_ps(score.scale + row));
  }
  value = _mm512_add_ps(value, _mm512_set1_ps(score.base));
  if (score.bias != nullptr) {
    value = _mm512_add_ps(value, _mm512_loadu_ps(score.bias + row));
  }
  _mm512_storeu_ps(out + row, value);
}

template <size_t kCount>
struct Blocks {
  static constexpr size_t kValue = kCount;
};

// run(Blocks<n>(), first block) for all blocks, four at a time. Those that are
// left go side by side, so that their sums do not wait for each other.
template <typename Run>
void ForBlocks(size_t blocks, Run run) {
  size_t block = 0;
  for (; block + 4 <= blocks; block += 4) run(Blocks<4>(), block);
  switch (blocks - block) {
    case 3:
      return run(Blocks<3>(), block);
    case 2:
      return run(Blocks<2>(), block);
    case 1:
      return run(Blocks<1>(), block);
    default:
      return;
  }
}

// kBlocks blocks at a time: one load of a table serves all.
template <size_t kBlocks>
void NibbleBlocks(const uint8_t* codes, size_t block, size_t groups,
                  const uint8_t* table, const ScoreOf& score, float* out) {
  const __m512i low = _mm512_set1_epi8(0x0F);
  const __m512i which = _mm512_set1_epi32(0x30201000);
  const __m512i ones = _mm512_set1_epi8(1);
  __m512i sum[kBlocks][2];
  for (size_t b = 0; b < kBlocks; ++b) {
    sum[b][0] = _mm512_setzero_si512();
    sum[b][1] = _mm512_setzero_si512();
  }
  const uint8_t* first = codes + block * groups * kNibbleGroupBytes;
  for (size_t g = 0; g < groups; ++g) {
    const __m512i entries = _mm512_loadu_si512(table + g * 64);
    for (size_t b = 0; b < kBlocks; ++b) {
      const __m512i both =
          _mm512_loadu_si512(first + (b * groups + g) * kNibbleGroupBytes);
      // (both & low) | which: place in the four tables.
      const __m512i even = _mm512_ternarylogic_epi32(both, low, which, 0xEA);
      const __m512i odd = _mm512_ternarylogic_epi32(_mm512_srli_epi32(both, 4),
                                                    low, which, 0xEA);
      sum[b][0] = _mm512_dpbusd_epi32(
          sum[b][0], _mm512_permutexvar_epi8(even, entries), ones);
      sum[b][1] = _mm512_dpbusd_epi32(
          sum[b][1], _mm512_permutexvar_epi8(odd, entries), ones);
    }
  }
  for (size_t b = 0; b < kBlocks; ++b) {
    const size_t row = (block + b) * kScanRows;
    PutScores(sum[b][0], row, score, out);
    PutScores(sum[b][1], row + 16, score, out);
  }
}

void NibbleSums(const uint8_t* codes, size_t blocks, size_t groups,
                const uint8_t* table, ScoreOf score, float* out) {
  ForBlocks(blocks, [&](auto count, size_t block) {
    NibbleBlocks<decltype(count)::kValue>(codes, block, groups, table, score,
                                          out);
  });
}

// The entries for 64 codes of 8 bits.
__m512i LookUp(const __m512i* entries, __m512i codes) {
  const __m512i low = _mm512_permutex2var_epi8(entries[0], codes, entries[1]);
  const __m512i high = _mm512_permutex2var_epi8(entries[2], codes, entries[3]);
  return _mm512_mask_mov_epi8(low, _mm512_movepi8_mask(codes), high);
}

// Two blocks, the second perhaps the same as the first.
void BytesOfTwo(const uint8_t* first, const uint8_t* second, size_t groups,
                const uint8_t* table, __m512i* sums) {
  // So many sub-codes cannot overflow 16 bits.
  constexpr size_t kRun = 256;
  for (size_t i = 0; i < 4; ++i) sums[i] = _mm512_setzero_si512();
  for (size_t begin = 0; begin < groups; begin += kRun) {
    const size_t end = begin + kRun < groups ? begin + kRun : groups;
    __m512i half[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
    for (size_t g = begin; g < end; ++g) {
      __m512i entries[4];
      for (size_t i = 0; i < 4; ++i) {
        entries[i] = _mm512_loadu_si512(table + g * 256 + i * 64);
      }
      const __m512i both = _mm512_inserti64x4(
          _mm512_castsi256_si512(_mm256_loadu_si256(
              reinterpret_cast<const __m256i*>(first + g * kByteGroupBytes))),
          _mm256_loadu_si256(
              reinterpret_cast<const __m256i*>(second + g * kByteGroupBytes)),
          1);
      const __m512i found = LookUp(entries, both);
      half[0] = _mm512_add_epi16(
          half[0], _mm512_cvtepu8_epi16(_mm512_castsi512_si256(found)));
      half[1] = _mm512_add_epi16(
          half[1], _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(found, 1)));
    }
    for (size_t i = 0; i < 4; ++i) {
      const __m256i part = i % 2 == 0
                               ? _mm512_castsi512_si256(half[i / 2])
                               : _mm512_extracti64x4_epi64(half[i / 2], 1);
      sums[i] = _mm512_add_epi32(sums[i], _mm512_cvtepu16_epi32(part));
    }
  }
}

void ByteSums(const uint8_t* codes, size_t blocks, size_t groups,
              const uint8_t* table, ScoreOf score, float* out) {
  const size_t bytes = groups * kByteGroupBytes;
  for (size_t block = 0; block < blocks; block += 2) {
    const bool is_pair = block + 1 < blocks;
    __m512i sums[4];
    BytesOfTwo(codes + block * bytes,
               codes + (is_pair ? block + 1 : block) * bytes, groups, table,
               sums);
    for (size_t i = 0; i < (is_pair ? 4u : 2u); ++i) {
      PutScores(sums[i], block * kScanRows + i * 16, score, out);
    }
  }
}

template <size_t kBlocks>
void DotBlocks(const uint8_t* codes, size_t block, size_t groups,
               const int8_t* query, const ScoreOf& score, float* out) {
  __m512i sum[kBlocks][2];
  for (size_t b = 0; b < kBlocks; ++b) {
    sum[b][0] = _mm512_setzero_si512();
    sum[b][1] = _mm512_setzero_si512();
  }
  const uint8_t* first = codes + block * groups * kDotGroupBytes;
  for (size_t g = 0; g < groups; ++g) {
    int four;
    __builtin_memcpy(&four, query + g * 4, sizeof(four));
    const __m512i values = _mm512_set1_epi32(four);
    for (size_t b = 0; b < kBlocks; ++b) {
      const uint8_t* run = first + (b * groups + g) * kDotGroupBytes;
      sum[b][0] =
          _mm512_dpbusd_epi32(sum[b][0], _mm512_loadu_si512(run), values);
      sum[b][1] =
          _mm512_dpbusd_epi32(sum[b][1], _mm512_loadu_si512(run + 64), values);
    }
  }
  for (size_t b = 0; b < kBlocks; ++b) {
    const size_t row = (block + b) * kScanRows;
    PutScores(sum[b][0], row, score, out);
    PutScores(sum[b][1], row + 16, score, out);
  }
}

void ByteDots(const uint8_t* codes, size_t blocks, size_t groups,
              const int8_t* query, ScoreOf score, float* out) {
  ForBlocks(blocks, [&](auto count, size_t block) {
    DotBlocks<decltype(count)::kValue>(codes, block, groups, query, score, out);
  });
}

}  // namespace

const CodeKernels kAvx512CodeKernels = {
    .name = "avx512",
    .nibble_sums = NibbleSums,
    .byte_sums = ByteSums,
    .byte_dots = ByteDots,
};

}  // namespace elanus::simd
#endif

// The kernels for AVX2. Look-ups of 8-bit codes stay plain: there is no
// instruction for tables of 256.
#if defined(__x86_64__)
#include <immintrin.h>

#include "simd/list_codes.h"

namespace elanus::simd {
namespace {

constexpr size_t kLanes = 8;

// The scores of 8 rows whose sums are in `sums`, `row` the first.
void PutScores(__m256i sums, size_t row, const ScoreOf& score, float* out) {
  __m256 value =
      _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums), _mm256_set1_ps(score.delta),
                      _mm256_set1_ps(score.shift));
  if (score.scale != nullptr) {
    value = _mm256_mul_ps(value, _mm256_loadu_ps(score.scale + row));
  }
  value = _mm256_add_ps(value, _mm256_set1_ps(score.base));
  if (score.bias != nullptr) {
    value = _mm256_add_ps(value, _mm256_loadu_ps(score.bias + row));
  }
  _mm256_storeu_ps(out + row, value);
}

// The entries of 32 places of 4 bits: byte i from table i % 4. A place with
// its high bit set looks up zero.
__m256i LookUp(const __m256i* entries, __m256i places) {
  __m256i found = _mm256_setzero_si256();
  for (int j = 0; j < 4; ++j) {
    const __m256i others =
        _mm256_set1_epi32(static_cast<int>(0x80808080u & ~(0xFFu << (8 * j))));
    found = _mm256_or_si256(
        found,
        _mm256_shuffle_epi8(entries[j], _mm256_or_si256(places, others)));
  }
  return found;
}

// Adds up each four bytes.
__m256i AddFour(__m256i sum, __m256i bytes) {
  const __m256i pairs = _mm256_maddubs_epi16(bytes, _mm256_set1_epi8(1));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

void NibbleSums(const uint8_t* codes, size_t blocks, size_t groups,
                const uint8_t* table, ScoreOf score, float* out) {
  const __m256i low = _mm256_set1_epi8(0x0F);
  for (size_t block = 0; block < blocks; ++block) {
    __m256i sum[4];
    for (size_t i = 0; i < 4; ++i) sum[i] = _mm256_setzero_si256();
    for (size_t g = 0; g < groups; ++g, codes += kNibbleGroupBytes) {
      __m256i entries[4];
      for (size_t j = 0; j < 4; ++j) {
        entries[j] = _mm256_broadcastsi128_si256(_mm_loadu_si128(
            reinterpret_cast<const __m128i*>(table + g * 64 + j * 16)));
      }
      for (size_t i = 0; i < 2; ++i) {
        const __m256i both = _mm256_loadu_si256(
            reinterpret_cast<const __m256i*>(codes + i * 32));
        sum[i] = AddFour(sum[i], LookUp(entries, _mm256_and_si256(both, low)));
        sum[i + 2] = AddFour(
            sum[i + 2],
            LookUp(entries, _mm256_and_si256(_mm256_srli_epi16(both, 4), low)));
      }
    }
    for (size_t i = 0; i < 4; ++i) {
      PutScores(sum[i], block * kScanRows + i * kLanes, score, out);
    }
  }
}

void ByteSums(const uint8_t* codes, size_t blocks, size_t groups,
              const uint8_t* table, ScoreOf score, float* out) {
  for (size_t block = 0; block < blocks; ++block) {
    int sums[kScanRows] = {};
    for (size_t g = 0; g < groups; ++g, codes += kByteGroupBytes) {
      for (size_t r = 0; r < kScanRows; ++r) {
        sums[r] += table[g * 256 + codes[r]];
      }
    }
    for (size_t i = 0; i < 4; ++i) {
      PutScores(_mm256_loadu_si256(
                    reinterpret_cast<const __m256i*>(sums + i * kLanes)),
                block * kScanRows + i * kLanes, score, out);
    }
  }
}

void ByteDots(const uint8_t* codes, size_t blocks, size_t groups,
              const int8_t* query, ScoreOf score, float* out) {
  for (size_t block = 0; block < blocks; ++block) {
    // Two sums a row, of two values each.
    __m256i sum[8];
    for (size_t i = 0; i < 8; ++i) sum[i] = _mm256_setzero_si256();
    for (size_t g = 0; g < groups; ++g, codes += kDotGroupBytes) {
      int four;
      __builtin_memcpy(&four, query + g * 4, sizeof(four));
      const __m256i values = _mm256_cvtepi8_epi16(_mm_set1_epi32(four));
      for (size_t i = 0; i < 8; ++i) {
        const __m256i wide = _mm256_cvtepu8_epi16(
            _mm_loadu_si128(reinterpret_cast<const __m128i*>(codes + i * 16)));
        sum[i] = _mm256_add_epi32(sum[i], _mm256_madd_epi16(wide, values));
      }
    }
    for (size_t i = 0; i < 4; ++i) {
      // hadd works within halves: put the quarters into order.
      const __m256i both = _mm256_permute4x64_epi64(
          _mm256_hadd_epi32(sum[2 * i], sum[2 * i + 1]), 0xD8);
      PutScores(both, block * kScanRows + i * kLanes, score, out);
    }
  }
}

}  // namespace

const CodeKernels kAvx2CodeKernels = {
    .name = "avx2",
    .nibble_sums = NibbleSums,
    .byte_sums = ByteSums,
    .byte_dots = ByteDots,
};

}  // namespace elanus::simd
#endif

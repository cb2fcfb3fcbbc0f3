// The scan of 8-bit codes for AVX-512 with VNNI: a multiply-add of four bytes
// in each of sixteen lanes, one lane a row.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "simd/code_scan.h"

namespace elanus::simd {
namespace {

// Four groups at a time: enough sums in flight to hide the latency of the
// multiply-add.
constexpr size_t kGroupsAtOnce = 4;

template <bool kIsL2>
__mmask16 MayBeWithin(const CodeTable& table, size_t row,
                      const CodeQuery& query, __m512i sum) {
  // The stored codes are 128 too big.
  const __m512i dot =
      _mm512_sub_epi32(sum, _mm512_set1_epi32(query.code_sum * kCodeZero));
  const __m512 product =
      _mm512_mul_ps(_mm512_cvtepi32_ps(dot),
                    _mm512_mul_ps(_mm512_set1_ps(query.scale),
                                  _mm512_loadu_ps(table.scales + row)));
  const __m512 error = _mm512_loadu_ps(table.errors + row);
  const __m512 size = _mm512_loadu_ps(table.sizes + row);
  const __m512 bound = _mm512_set1_ps(query.bound);
  if constexpr (kIsL2) {
    const __m512 radius = _mm512_add_ps(bound, error);
    const __m512 distance =
        _mm512_fnmadd_ps(_mm512_set1_ps(2), product,
                         _mm512_add_ps(_mm512_set1_ps(query.constant), size));
    return _mm512_cmp_ps_mask(distance, _mm512_mul_ps(radius, radius),
                              _CMP_NGT_UQ);
  }
  const __m512 most = _mm512_fmadd_ps(
      _mm512_set1_ps(query.error_weight), error,
      _mm512_fmadd_ps(_mm512_set1_ps(query.size_weight), size, product));
  return _mm512_cmp_ps_mask(_mm512_sub_ps(_mm512_setzero_ps(), most), bound,
                            _CMP_NGT_UQ);
}

uint32_t* Put(__mmask16 mask, size_t row, uint32_t* rows) {
  if (mask == 0) return rows;
  const __m512i lanes =
      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  _mm512_mask_compressstoreu_epi32(
      rows, mask,
      _mm512_add_epi32(lanes, _mm512_set1_epi32(static_cast<int>(row))));
  return rows + __builtin_popcount(mask);
}

template <size_t kQueries, size_t kGroups>
void Sums(const uint8_t* codes, size_t width, const CodeQuery* queries,
          __m512i (&sum)[kQueries][kGroups]) {
  for (auto& of_query : sum) {
    for (__m512i& lanes : of_query) lanes = _mm512_setzero_si512();
  }
  const size_t group_bytes = kCodeGroup * width;
  for (size_t i = 0; i < width; i += 4) {
    __m512i stored[kGroups];
    for (size_t g = 0; g < kGroups; ++g) {
      stored[g] = _mm512_loadu_si512(codes + g * group_bytes + i * kCodeGroup);
    }
    for (size_t q = 0; q < kQueries; ++q) {
      int32_t four;
      memcpy(&four, queries[q].codes + i, sizeof(four));
      const __m512i query = _mm512_set1_epi32(four);
      for (size_t g = 0; g < kGroups; ++g) {
        sum[q][g] = _mm512_dpbusd_epi32(sum[q][g], stored[g], query);
      }
    }
  }
}

template <bool kIsL2, size_t kQueries, size_t kGroups>
void Step(const CodeTable& table, size_t group, const CodeQuery* queries,
          const uint16_t* included, uint32_t** rows) {
  __m512i sum[kQueries][kGroups];
  Sums<kQueries, kGroups>(table.codes + group * kCodeGroup * table.width,
                          table.width, queries, sum);
  for (size_t q = 0; q < kQueries; ++q) {
    for (size_t g = 0; g < kGroups; ++g) {
      const size_t row = (group + g) * kCodeGroup;
      const __mmask16 mask =
          MayBeWithin<kIsL2>(table, row, queries[q], sum[q][g]);
      rows[q] = Put(mask & included[g], row, rows[q]);
    }
  }
}

template <bool kIsL2, size_t kQueries>
void Run(const CodeTable& table, size_t first_group, size_t groups,
         const CodeQuery* queries, const uint16_t* included, uint32_t* rows,
         size_t* found) {
  uint32_t* end[kQueries];
  for (size_t q = 0; q < kQueries; ++q) {
    end[q] = rows + q * groups * kCodeGroup;
  }
  for (size_t g = 0; g < groups;) {
    uint64_t any = 0;
    if (g + kGroupsAtOnce <= groups) {
      memcpy(&any, included + g, sizeof(any));
      if (any != 0) {
        Step<kIsL2, kQueries, kGroupsAtOnce>(table, first_group + g, queries,
                                             included + g, end);
      }
      g += kGroupsAtOnce;
      continue;
    }
    if (included[g] != 0) {
      Step<kIsL2, kQueries, 1>(table, first_group + g, queries, included + g,
                               end);
    }
    ++g;
  }
  for (size_t q = 0; q < kQueries; ++q) {
    found[q] = static_cast<size_t>(end[q] - (rows + q * groups * kCodeGroup));
  }
}

template <bool kIsL2>
size_t Scan(const CodeTable& table, size_t first_group, size_t groups,
            const CodeQuery& query, const uint16_t* included, uint32_t* rows) {
  size_t found = 0;
  Run<kIsL2, 1>(table, first_group, groups, &query, included, rows, &found);
  return found;
}

template <bool kIsL2>
void Batch(const CodeTable& table, size_t first_group, size_t groups,
           const CodeQuery* queries, size_t count, const uint16_t* included,
           uint32_t* rows, size_t* found) {
  if (count == kCodeQueries) {
    Run<kIsL2, kCodeQueries>(table, first_group, groups, queries, included,
                             rows, found);
    return;
  }
  for (size_t i = 0; i < count; ++i) {
    Run<kIsL2, 1>(table, first_group, groups, queries + i, included,
                  rows + i * groups * kCodeGroup, found + i);
  }
}

}  // namespace

const CodeScanKernels kAvx512CodeScan = {
    .name = "avx512vnni",
    .dot = Scan<false>,
    .l2 = Scan<true>,
    .dot_batch = Batch<false>,
    .l2_batch = Batch<true>,
};

}  // namespace elanus::simd
#endif

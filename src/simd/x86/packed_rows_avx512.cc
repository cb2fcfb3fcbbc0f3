// The kernels for AVX-512 (F, DQ, BW, VL).
#if defined(__x86_64__)
#include <immintrin.h>

#include "simd/packed_rows.h"

namespace elanus::simd {
namespace {

constexpr size_t kLanes = 16;
constexpr size_t kHalves = kPanelRows / kLanes;

// kQueries x kPanels x 2 sums stay in registers.
template <size_t kQueries, size_t kPanels>
void Tile(RowTable queries, Panels panels, size_t panel, size_t dim,
          float factor, float* out) {
  constexpr size_t kColumns = kPanels * kHalves;
  __m512 sum[kQueries][kColumns];
  for (size_t q = 0; q < kQueries; ++q) {
    for (size_t c = 0; c < kColumns; ++c) sum[q][c] = _mm512_setzero_ps();
  }
  const float* values = panels.values + panel * dim * kPanelRows;
  for (size_t d = 0; d < dim; ++d, values += kPanelRows) {
    __m512 y[kColumns];
    for (size_t c = 0; c < kColumns; ++c) {
      y[c] = _mm512_loadu_ps(values + (c / kHalves) * dim * kPanelRows +
                             (c % kHalves) * kLanes);
    }
    for (size_t q = 0; q < kQueries; ++q) {
      const __m512 x = _mm512_set1_ps(queries.data[q * queries.stride + d]);
      for (size_t c = 0; c < kColumns; ++c) {
        sum[q][c] = _mm512_fmadd_ps(x, y[c], sum[q][c]);
      }
    }
  }
  const size_t width = panels.count * kPanelRows;
  const size_t first = panel * kPanelRows;
  for (size_t q = 0; q < kQueries; ++q) {
    for (size_t c = 0; c < kColumns; ++c) {
      const size_t at = first + c * kLanes;
      _mm512_storeu_ps(out + q * width + at,
                       _mm512_fmadd_ps(_mm512_set1_ps(factor), sum[q][c],
                                       _mm512_loadu_ps(panels.bias + at)));
    }
  }
}

template <size_t kPanels>
void PanelsOfOneQuery(RowTable query, Panels panels, size_t dim, float factor,
                      float* out, size_t& panel) {
  for (; panel + kPanels <= panels.count; panel += kPanels) {
    Tile<1, kPanels>(query, panels, panel, dim, factor, out);
  }
}

void Scores(RowTable queries, size_t query_count, Panels panels, size_t dim,
            float factor, float* out) {
  const size_t width = panels.count * kPanelRows;
  constexpr size_t kTall = 12;
  constexpr size_t kShort = 4;
  const size_t tall = query_count / kTall * kTall;
  const size_t tiled = tall + (query_count - tall) / kShort * kShort;
  for (size_t panel = 0; tiled != 0 && panel < panels.count; ++panel) {
    for (size_t q = 0; q < tall; q += kTall) {
      Tile<kTall, 1>({queries.data + q * queries.stride, queries.stride},
                     panels, panel, dim, factor, out + q * width);
    }
    for (size_t q = tall; q < tiled; q += kShort) {
      Tile<kShort, 1>({queries.data + q * queries.stride, queries.stride},
                      panels, panel, dim, factor, out + q * width);
    }
  }
  for (size_t q = tiled; q < query_count; ++q) {
    const RowTable one = {queries.data + q * queries.stride, queries.stride};
    size_t panel = 0;
    PanelsOfOneQuery<4>(one, panels, dim, factor, out + q * width, panel);
    PanelsOfOneQuery<1>(one, panels, dim, factor, out + q * width, panel);
  }
}

size_t Smallest(const float* values, size_t count) {
  if (count < kLanes) return kScalarPackedKernels.smallest(values, count);
  __m512 best = _mm512_set1_ps(__builtin_inff());
  __m512i best_at = _mm512_set1_epi32(-1);
  __m512i at =
      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const __m512 x = _mm512_loadu_ps(values + i);
    const __mmask16 less = _mm512_cmp_ps_mask(x, best, _CMP_LT_OQ);
    best = _mm512_mask_mov_ps(best, less, x);
    best_at = _mm512_mask_mov_epi32(best_at, less, at);
    at = _mm512_add_epi32(at, _mm512_set1_epi32(static_cast<int>(kLanes)));
  }
  const float smallest = _mm512_reduce_min_ps(best);
  // Lanes that are not the smallest, or saw none, count as the last place.
  const __mmask16 is_smallest =
      _mm512_cmp_ps_mask(best, _mm512_set1_ps(smallest), _CMP_EQ_OQ);
  const uint32_t place = _mm512_mask_reduce_min_epu32(is_smallest, best_at);
  size_t found = place == 0xFFFFFFFFu ? count : place;
  for (; i < count; ++i) {
    if (found == count ? values[i] < __builtin_inff()
                       : values[i] < values[found]) {
      found = i;
    }
  }
  // Nothing below infinity: rare enough for the plain loop.
  return found == count ? kScalarPackedKernels.smallest(values, count) : found;
}

size_t Collect(const float* values, size_t count, float bound,
               uint32_t* places) {
  const __m512 limit = _mm512_set1_ps(bound);
  const __m512i step = _mm512_set1_epi32(static_cast<int>(kLanes));
  __m512i at =
      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  size_t found = 0;
  for (size_t i = 0; i < count; i += kLanes) {
    const size_t left = count - i;
    const __mmask16 in = left >= kLanes
                             ? static_cast<__mmask16>(0xFFFF)
                             : static_cast<__mmask16>((1u << left) - 1u);
    const __mmask16 near = _mm512_mask_cmp_ps_mask(
        in, _mm512_maskz_loadu_ps(in, values + i), limit, _CMP_NGT_UQ);
    // Nobody could foretell a branch around this.
    _mm512_storeu_si512(places + found, _mm512_maskz_compress_epi32(near, at));
    found += static_cast<size_t>(__builtin_popcount(near));
    at = _mm512_add_epi32(at, step);
  }
  return found;
}

}  // namespace

const PackedKernels kAvx512PackedKernels = {
    .name = "avx512",
    .scores = Scores,
    .smallest = Smallest,
    .collect = Collect,
};

}  // namespace elanus::simd
#endif

// The kernels for AVX2 with FMA.
#if defined(__x86_64__)
#include <immintrin.h>

#include "simd/packed_rows.h"

namespace elanus::simd {
namespace {

constexpr size_t kLanes = 8;
constexpr size_t kQuarters = kPanelRows / kLanes;

// kQueries x 4 sums stay in registers.
template <size_t kQueries>
void Tile(RowTable queries, Panels panels, size_t panel, size_t dim,
          float factor, float* out) {
  __m256 sum[kQueries][kQuarters];
  for (size_t q = 0; q < kQueries; ++q) {
    for (size_t c = 0; c < kQuarters; ++c) sum[q][c] = _mm256_setzero_ps();
  }
  const float* values = panels.values + panel * dim * kPanelRows;
  for (size_t d = 0; d < dim; ++d, values += kPanelRows) {
    for (size_t q = 0; q < kQueries; ++q) {
      const __m256 x = _mm256_set1_ps(queries.data[q * queries.stride + d]);
      for (size_t c = 0; c < kQuarters; ++c) {
        sum[q][c] =
            _mm256_fmadd_ps(x, _mm256_loadu_ps(values + c * kLanes), sum[q][c]);
      }
    }
  }
  const size_t width = panels.count * kPanelRows;
  for (size_t q = 0; q < kQueries; ++q) {
    for (size_t c = 0; c < kQuarters; ++c) {
      const size_t at = panel * kPanelRows + c * kLanes;
      _mm256_storeu_ps(out + q * width + at,
                       _mm256_fmadd_ps(_mm256_set1_ps(factor), sum[q][c],
                                       _mm256_loadu_ps(panels.bias + at)));
    }
  }
}

void Scores(RowTable queries, size_t query_count, Panels panels, size_t dim,
            float factor, float* out) {
  const size_t width = panels.count * kPanelRows;
  constexpr size_t kTall = 3;
  for (size_t panel = 0; panel < panels.count; ++panel) {
    size_t q = 0;
    for (; q + kTall <= query_count; q += kTall) {
      Tile<kTall>({queries.data + q * queries.stride, queries.stride}, panels,
                  panel, dim, factor, out + q * width);
    }
    for (; q < query_count; ++q) {
      Tile<1>({queries.data + q * queries.stride, queries.stride}, panels,
              panel, dim, factor, out + q * width);
    }
  }
}

size_t Smallest(const float* values, size_t count) {
  __m256 best = _mm256_set1_ps(__builtin_inff());
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    // The second operand is the answer where the first is no number.
    best = _mm256_min_ps(_mm256_loadu_ps(values + i), best);
  }
  float lanes[kLanes];
  _mm256_storeu_ps(lanes, best);
  float smallest = __builtin_inff();
  for (size_t j = 0; j < kLanes; ++j) {
    if (lanes[j] < smallest) smallest = lanes[j];
  }
  for (; i < count; ++i) {
    if (values[i] < smallest) smallest = values[i];
  }
  // Nothing below infinity: rare enough for the plain loop.
  if (smallest == __builtin_inff()) {
    return kScalarPackedKernels.smallest(values, count);
  }
  size_t found = 0;
  const __m256 wanted = _mm256_set1_ps(smallest);
  for (; found + kLanes <= count; found += kLanes) {
    const int equal = _mm256_movemask_ps(
        _mm256_cmp_ps(_mm256_loadu_ps(values + found), wanted, _CMP_EQ_OQ));
    if (equal != 0) {
      return found +
             static_cast<size_t>(__builtin_ctz(static_cast<unsigned>(equal)));
    }
  }
  while (values[found] != smallest) ++found;
  return found;
}

size_t Collect(const float* values, size_t count, float bound,
               uint32_t* places) {
  const __m256 limit = _mm256_set1_ps(bound);
  size_t found = 0;
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    auto near = static_cast<unsigned>(_mm256_movemask_ps(
        _mm256_cmp_ps(_mm256_loadu_ps(values + i), limit, _CMP_NGT_UQ)));
    for (; near != 0; near &= near - 1) {
      places[found++] =
          static_cast<uint32_t>(i) + static_cast<uint32_t>(__builtin_ctz(near));
    }
  }
  for (; i < count; ++i) {
    if (!(values[i] > bound)) places[found++] = static_cast<uint32_t>(i);
  }
  return found;
}

}  // namespace

const PackedKernels kAvx2PackedKernels = {
    .name = "avx2",
    .scores = Scores,
    .smallest = Smallest,
    .collect = Collect,
};

}  // namespace elanus::simd
#endif

// The kernels for AVX2 with FMA. The tail of a row is read with a mask, so
// nothing beyond it is touched.
#if defined(__x86_64__)
#include <immintrin.h>

#include "simd/distance.h"

namespace elanus::simd {
namespace {

constexpr size_t kLanes = 8;

struct L2Op {
  static __m256 Step(__m256 sum, __m256 x, __m256 y) {
    const __m256 difference = _mm256_sub_ps(x, y);
    return _mm256_fmadd_ps(difference, difference, sum);
  }
};

struct DotOp {
  static __m256 Step(__m256 sum, __m256 x, __m256 y) {
    return _mm256_fmadd_ps(x, y, sum);
  }
};

struct NegDotOp {
  static __m256 Step(__m256 sum, __m256 x, __m256 y) {
    return _mm256_fnmadd_ps(x, y, sum);
  }
};

// Lane j is read if j < left.
__m256i TailMask(size_t left) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(left)),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

__m128 Halve(__m256 sum) {
  return _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
}

// The sums of four registers, as one vector of four.
__m128 ReduceFour(const __m256* sum) {
  return _mm_hadd_ps(_mm_hadd_ps(Halve(sum[0]), Halve(sum[1])),
                     _mm_hadd_ps(Halve(sum[2]), Halve(sum[3])));
}

template <typename Op>
float Pair(const float* x, const float* y, size_t dim) {
  __m256 sum[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(),
                   _mm256_setzero_ps(), _mm256_setzero_ps()};
  size_t i = 0;
  for (; i + 4 * kLanes <= dim; i += 4 * kLanes) {
    for (size_t j = 0; j < 4; ++j) {
      sum[j] = Op::Step(sum[j], _mm256_loadu_ps(x + i + j * kLanes),
                        _mm256_loadu_ps(y + i + j * kLanes));
    }
  }
  for (; i + kLanes <= dim; i += kLanes) {
    sum[0] = Op::Step(sum[0], _mm256_loadu_ps(x + i), _mm256_loadu_ps(y + i));
  }
  if (i < dim) {
    const __m256i mask = TailMask(dim - i);
    sum[1] = Op::Step(sum[1], _mm256_maskload_ps(x + i, mask),
                      _mm256_maskload_ps(y + i, mask));
  }
  const __m128 four = Halve(_mm256_add_ps(_mm256_add_ps(sum[0], sum[1]),
                                          _mm256_add_ps(sum[2], sum[3])));
  const __m128 two = _mm_hadd_ps(four, four);
  return _mm_cvtss_f32(_mm_hadd_ps(two, two));
}

// Four rows at once: the query is loaded once for all, and their cache misses
// overlap. Meanwhile the lines of the next four rows are fetched.
template <typename Op>
__m128 FourRows(const float* query, const float* const* row,
                const float* const* next, size_t dim) {
  __m256 sum[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(),
                   _mm256_setzero_ps(), _mm256_setzero_ps()};
  size_t i = 0;
  for (; i + kLanes <= dim; i += kLanes) {
    const __m256 x = _mm256_loadu_ps(query + i);
    for (size_t j = 0; j < 4; ++j) {
      sum[j] = Op::Step(sum[j], x, _mm256_loadu_ps(row[j] + i));
    }
    if (i % (2 * kLanes) == 0) {
      for (size_t j = 0; j < 4; ++j) _mm_prefetch(next[j] + i, _MM_HINT_T0);
    }
  }
  if (i < dim) {
    const __m256i mask = TailMask(dim - i);
    const __m256 x = _mm256_maskload_ps(query + i, mask);
    for (size_t j = 0; j < 4; ++j) {
      sum[j] = Op::Step(sum[j], x, _mm256_maskload_ps(row[j] + i, mask));
    }
  }
  return ReduceFour(sum);
}

// As FourRows, not as Pair: a row's distance must not depend on where among
// others it stands, or equal rows would differ.
template <typename Op>
void LastRows(const float* query, const float* const* row, size_t count,
              size_t dim, float* out) {
  float four[4];
  _mm_storeu_ps(four, FourRows<Op>(query, row, row, dim));
  for (size_t j = 0; j < count; ++j) out[j] = four[j];
}

template <typename Op>
void Rows(const float* query, RowTable rows, const uint32_t* ids, size_t count,
          size_t dim, float* out) {
  const float* row[4];
  const float* next[4];
  size_t i = 0;
  if (count >= 4) {
    for (size_t j = 0; j < 4; ++j) next[j] = rows.data + ids[j] * rows.stride;
  }
  for (; i + 4 <= count; i += 4) {
    for (size_t j = 0; j < 4; ++j) {
      row[j] = next[j];
      const size_t ahead = i + 4 + j < count ? i + 4 + j : count - 1;
      next[j] = rows.data + ids[ahead] * rows.stride;
    }
    _mm_storeu_ps(out + i, FourRows<Op>(query, row, next, dim));
  }
  if (i == count) return;
  for (size_t j = 0; j < 4; ++j) {
    row[j] = rows.data + ids[i + j < count ? i + j : count - 1] * rows.stride;
  }
  LastRows<Op>(query, row, count - i, dim, out + i);
}

// kQueries x 4 sums stay in registers.
template <typename Op, size_t kQueries>
void Tile(RowTable queries, RowTable rows, size_t dim, float* out,
          size_t out_stride) {
  __m256 sum[kQueries][4];
  for (size_t q = 0; q < kQueries; ++q) {
    for (size_t j = 0; j < 4; ++j) sum[q][j] = _mm256_setzero_ps();
  }
  for (size_t i = 0; i < dim; i += kLanes) {
    const __m256i mask = TailMask(dim - i < kLanes ? dim - i : kLanes);
    __m256 y[4];
    for (size_t j = 0; j < 4; ++j) {
      y[j] = _mm256_maskload_ps(rows.data + j * rows.stride + i, mask);
    }
    for (size_t q = 0; q < kQueries; ++q) {
      const __m256 x =
          _mm256_maskload_ps(queries.data + q * queries.stride + i, mask);
      for (size_t j = 0; j < 4; ++j) {
        sum[q][j] = Op::Step(sum[q][j], x, y[j]);
      }
    }
  }
  for (size_t q = 0; q < kQueries; ++q) {
    _mm_storeu_ps(out + q * out_stride, ReduceFour(sum[q]));
  }
}

template <typename Op>
void Block(RowTable queries, size_t query_count, RowTable rows,
           size_t row_count, size_t dim, float* out) {
  size_t r = 0;
  for (; r + 4 <= row_count; r += 4) {
    const RowTable four = {rows.data + r * rows.stride, rows.stride};
    size_t q = 0;
    for (; q + 2 <= query_count; q += 2) {
      Tile<Op, 2>({queries.data + q * queries.stride, queries.stride}, four,
                  dim, out + q * row_count + r, row_count);
    }
    for (; q < query_count; ++q) {
      Tile<Op, 1>({queries.data + q * queries.stride, queries.stride}, four,
                  dim, out + q * row_count + r, row_count);
    }
  }
  if (r == row_count) return;
  const float* row[4];
  for (size_t j = 0; j < 4; ++j) {
    row[j] =
        rows.data + (r + j < row_count ? r + j : row_count - 1) * rows.stride;
  }
  for (size_t q = 0; q < query_count; ++q) {
    LastRows<Op>(queries.data + q * queries.stride, row, row_count - r, dim,
                 out + q * row_count + r);
  }
}

}  // namespace

const DistanceKernels kAvx2Kernels = {
    .name = "avx2",
    .l2 = Pair<L2Op>,
    .dot = Pair<DotOp>,
    .l2_rows = Rows<L2Op>,
    .neg_dot_rows = Rows<NegDotOp>,
    .l2_block = Block<L2Op>,
    .neg_dot_block = Block<NegDotOp>,
};

}  // namespace elanus::simd
#endif

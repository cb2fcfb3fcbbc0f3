// The specification of all kernels: plain loops in double, rounded once.
#include "simd/distance.h"

namespace elanus::simd {
namespace {

float L2(const float* x, const float* y, size_t dim) {
  double sum = 0;
  for (size_t i = 0; i < dim; ++i) {
    const double difference = double{x[i]} - double{y[i]};
    sum += difference * difference;
  }
  return static_cast<float>(sum);
}

float Dot(const float* x, const float* y, size_t dim) {
  double sum = 0;
  for (size_t i = 0; i < dim; ++i) sum += double{x[i]} * double{y[i]};
  return static_cast<float>(sum);
}

float NegDot(const float* x, const float* y, size_t dim) {
  return -Dot(x, y, dim);
}

template <PairKernel kDistance>
void Rows(const float* query, RowTable rows, const uint32_t* ids, size_t count,
          size_t dim, float* out) {
  for (size_t i = 0; i < count; ++i) {
    out[i] = kDistance(query, rows.data + ids[i] * rows.stride, dim);
  }
}

template <PairKernel kDistance>
void Block(RowTable queries, size_t query_count, RowTable rows,
           size_t row_count, size_t dim, float* out) {
  for (size_t q = 0; q < query_count; ++q) {
    for (size_t r = 0; r < row_count; ++r) {
      out[q * row_count + r] = kDistance(queries.data + q * queries.stride,
                                         rows.data + r * rows.stride, dim);
    }
  }
}

}  // namespace

const DistanceKernels kScalarKernels = {
    .name = "scalar",
    .l2 = L2,
    .dot = Dot,
    .l2_rows = Rows<L2>,
    .neg_dot_rows = Rows<NegDot>,
    .l2_block = Block<L2>,
    .neg_dot_block = Block<NegDot>,
};

}  // namespace elanus::simd

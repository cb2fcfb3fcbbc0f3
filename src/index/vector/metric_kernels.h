// The kernels of one metric, bound once per query or build so that the loops
// have no branch on it.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "simd/distance.h"
#include "types/data_type.h"
#include "types/metric.h"

namespace elanus::index {

struct MetricKernels {
  simd::RowsKernel rows = nullptr;
  simd::BlockKernel block = nullptr;
};

// L2, or IP for both others: COSINE is IP of vectors of length 1.
inline MetricKernels KernelsOf(types::MetricType metric) {
  const simd::DistanceKernels& kernels = simd::Kernels();
  if (metric == types::MetricType::kL2) {
    return {.rows = kernels.l2_rows, .block = kernels.l2_block};
  }
  return {.rows = kernels.neg_dot_rows, .block = kernels.neg_dot_block};
}

// OK for L2, IP, COSINE.
absl::Status CheckFloatMetric(types::MetricType metric);

// Whether rows of this type can be compared so.
bool IsMetricOf(types::DataType type, types::MetricType metric);
// Errors: kParameterInvalid in Milvus's words; UnfitMetric makes them.
absl::Status CheckMetric(types::DataType type, types::MetricType metric);
absl::Status UnfitMetric(types::DataType type, std::string_view metric);

// 1 / |x|, or 0 where x has no length to speak of.
float InverseNorm(const float* x, std::size_t dim);

// Copies `from` to `to` with length 1; a zero vector stays zero.
void Normalise(const float* from, float* to, std::size_t dim);

// The queries as the kernels want them: scaled to length 1 for COSINE, else
// as they are. `storage` keeps the copy.
std::span<const float> BindQueries(types::MetricType metric,
                                   std::span<const float> queries,
                                   std::size_t dim,
                                   std::vector<float>& storage);
// The same, owned.
std::vector<float> BoundCopy(types::MetricType metric,
                             std::span<const float> queries, std::size_t dim);

}  // namespace elanus::index

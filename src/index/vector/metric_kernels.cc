#include "index/vector/metric_kernels.h"

#include <cmath>
#include <string_view>

#include "index/vector/dense_rows.h"

namespace elanus::index {

absl::Status CheckFloatMetric(types::MetricType metric) {
  return CheckMetric(types::DataType::kFloatVector, metric);
}

bool IsMetricOf(types::DataType type, types::MetricType metric) {
  switch (metric) {
    case types::MetricType::kL2:
    case types::MetricType::kCosine:
      return IsDense(type);
    case types::MetricType::kIp:
      return IsDense(type) || type == types::DataType::kSparseFloatVector;
    case types::MetricType::kHamming:
    case types::MetricType::kJaccard:
    case types::MetricType::kSubstructure:
    case types::MetricType::kSuperstructure:
    case types::MetricType::kMhJaccard:
      return type == types::DataType::kBinaryVector;
    case types::MetricType::kBm25:
      return type == types::DataType::kSparseFloatVector;
  }
  return false;
}

absl::Status CheckMetric(types::DataType type, types::MetricType metric) {
  return IsMetricOf(type, metric) ? absl::OkStatus()
                                  : UnfitMetric(type, types::NameOf(metric));
}

absl::Status UnfitMetric(types::DataType type, std::string_view metric) {
  if (type == types::DataType::kSparseFloatVector) {
    return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                              "only IP&BM25 is the supported metric type for "
                              "sparse index, not {}",
                              metric);
  }
  return base::InvalidInput(
      base::ErrorCode::kParameterInvalid,
      "{} vector index does not support metric type: {}",
      type == types::DataType::kBinaryVector ? "binary" : "float", metric);
}

float InverseNorm(const float* x, std::size_t dim) {
  const float square = simd::Kernels().dot(x, x, dim);
  if (std::isnormal(square)) return 1.0F / std::sqrt(square);
  // Too small or too large to be squared in float, or zero, or no number.
  double sum = 0;
  for (std::size_t i = 0; i < dim; ++i) sum += double{x[i]} * double{x[i]};
  const double inverse = 1.0 / std::sqrt(sum);
  return std::isnormal(static_cast<float>(inverse))
             ? static_cast<float>(inverse)
             : 0.0F;
}

void Normalise(const float* from, float* to, std::size_t dim) {
  const float scale = InverseNorm(from, dim);
  for (std::size_t i = 0; i < dim; ++i) to[i] = from[i] * scale;
}

std::span<const float> BindQueries(types::MetricType metric,
                                   std::span<const float> queries,
                                   std::size_t dim,
                                   std::vector<float>& storage) {
  if (metric != types::MetricType::kCosine) return queries;
  storage.resize(queries.size());
  for (std::size_t at = 0; at + dim <= queries.size(); at += dim) {
    Normalise(queries.data() + at, storage.data() + at, dim);
  }
  return storage;
}

std::vector<float> BoundCopy(types::MetricType metric,
                             std::span<const float> queries, std::size_t dim) {
  std::vector<float> storage;
  const auto bound = BindQueries(metric, queries, dim, storage);
  return {bound.begin(), bound.end()};
}

}  // namespace elanus::index

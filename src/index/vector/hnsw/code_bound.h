// Proves of rows, by their codes alone, that they are farther than some bound.
//
//   CodeBound bound(graph, coded_query);
//   bound.Set(best.bound());
//   if (!bound.IsBeyond(distance_by_code, graph.code_errors[row])) ...
//
// For a row x, its code c (less 128) and what that stands for, x'; a query's
// weights w and what they are coded as, w' (byte_codec.h); d the coded
// distance:
//   IP: distance >= d - |q| |x - x'| - |w - w'| |c|
//   L2: |x - q| >= |x' - q| - |x - x'|, and
//       |x' - q|^2 >= d - 2 |w - w'| |c|
// |x - x'| is stored for each row, |c| is taken as that of the longest code.
//
// Threads: none.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>

#include "index/quantization/byte_codec.h"
#include "index/vector/hnsw/graph.h"
#include "index/vector/rounding.h"
#include "types/metric.h"

namespace elanus::index {

class CodeBound {
 public:
  CodeBound(const HnswGraph& graph, const ByteQuery& query)
      : dim_(graph.dim),
        is_l2_(graph.stored_metric == types::MetricType::kL2),
        margin_(graph.codec.ErrorOf(query, graph.longest_code)),
        query_length_(RoundUp(double{query.length} * (1 + kSlack))) {}

  // What is farther than this need not be looked at.
  void Set(float distance) {
    const double bound = distance;
    if (is_l2_) {
      limit_ = RoundUp(margin_);
      root_ = RoundUp(std::sqrt(bound * (1 + 2 * SumError(dim_))));
    } else {
      limit_ = RoundUp(bound + std::abs(bound) * kSlack + margin_);
    }
  }

  // `error` as ByteCodec::ErrorOf has it. What is no number proves nothing.
  bool IsBeyond(float coded, float error) const {
    if (!is_l2_) return coded - query_length_ * error > limit_;
    const float reach = root_ + error;
    return coded > reach * reach * kRoundedUp + limit_;
  }

 private:
  // Covers the two products above.
  static constexpr float kRoundedUp = 1 + 1e-6F;

  const std::size_t dim_;
  const bool is_l2_;
  const double margin_;
  const float query_length_;  // IP
  float root_ = std::numeric_limits<float>::infinity();
  float limit_ = std::numeric_limits<float>::infinity();
};

}  // namespace elanus::index

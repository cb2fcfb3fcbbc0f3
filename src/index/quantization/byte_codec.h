// Vectors as one byte a dimension, and queries that are compared with them by
// inner products of bytes.
//
// Dimension d of a row x is stored as round((x - middle[d]) / step[d]) + 128.
// With p = q - middle (q for IP), w = p * step and z = round(w / t), an inner
// product of whole numbers gives p.(x - middle) = t * sum z * (code - 128), and
// so both distances:
//   L2: |x - middle|^2 + |p|^2 - 2 p.(x - middle)
//   IP: -q.middle - q.(x - middle)
//
//   RETURN_IF_ERROR(
//       TrainByteCodec(ctx, data, stride, rows, middle, step, options));
//   const ByteCodec codec(metric, middle, step);
//   codec.Encode(x, code);
//   codec.Bind(q, query);  // then query.base + query.scale * sum + term
//
// Threads:   a codec is immutable.
// Ownership: borrows middle and step, which must be as they are to stay.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/vector_index.h"
#include "simd/byte_weights.h"
#include "types/metric.h"

namespace elanus::index {

struct ByteQuery {
  std::vector<std::int8_t> weights;
  float base = 0;
  float scale = 0;
  // For bounds, each rounded up: |p|, sum |z| and |w - t z|.
  float length = 0;
  float magnitude = 0;
  float error = 0;
};

class ByteCodec {
 public:
  ByteCodec() = default;
  // `metric`: L2 or IP.
  ByteCodec(types::MetricType metric, std::span<const float> middle,
            std::span<const float> step);

  std::size_t dim() const { return middle_.size(); }
  void Encode(const float* x, std::uint8_t* code) const;
  // What a row adds to its distances: |x - middle|^2 under L2, else nothing.
  float Term(const std::uint8_t* code) const;
  // query.weights keeps its memory from call to call.
  void Bind(const float* q, ByteQuery& query) const;
  // A row as a query, by its code; not for bounds.
  void BindCode(const std::uint8_t* code, ByteQuery& query) const;

  // How far a row is from what its code stands for: at least |x - x'|, under
  // IP with what the kernels' sums lose. Infinity where x is no vector of
  // numbers, or too long for bounds.
  float ErrorOf(const float* x, const std::uint8_t* code) const;
  // |code - 128|.
  static double LengthOf(std::span<const std::uint8_t> code);
  // How much a coded distance can be more than that of q to x', for codes of
  // at most this length.
  double ErrorOf(const ByteQuery& query, double longest_code) const;

 private:
  // What distances take, from sums over a query and its weights.
  void SetTerms(const simd::PlaceSums& place, float unit, float weights,
                ByteQuery& query) const;
  simd::CodeScale scale() const {
    return {middle_.data(), step_.data(), middle_.size()};
  }

  types::MetricType metric_ = types::MetricType::kL2;
  std::span<const float> middle_;
  std::span<const float> step_;
  double middle_length_ = 0;
  double largest_step_ = 0;
};

// Fits to rows at `stride` floats; a few far outliers are cut off. The result
// does not depend on the number of threads. Errors: of the context.
absl::Status TrainByteCodec(const base::OpContext& ctx, const float* data,
                            std::size_t stride, std::size_t rows,
                            std::span<float> middle, std::span<float> step,
                            const BuildOptions& options);

}  // namespace elanus::index

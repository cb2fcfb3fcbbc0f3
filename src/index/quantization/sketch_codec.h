// Rows as one or two bits a dimension, by which a scan knows of nearly all of
// them that they are farther than some bound, from a cache line or a few each.
//
// With m the middle of all rows, r is a row less m, and p a query less m, both
// rotated at random. A dimension of r is coded as its sign, or as one of four
// steps of a width that follows from |r|; v is what the code stands for, in
// steps. Then f <v, p> with f = |r|^2 / <v, r> estimates <r, p> without bias.
// By how much it is wrong follows from c, the cosine of v and r: it is
//   |r| |p| sqrt(1 - c^2) / c / sqrt(dim - 1)
// times what is all but a standard normal variable, by the randomness of the
// rotation alone, whatever the data. Bounds leave room for kSigmas of these:
// they are wrong of one row in 30,000. So
//   L2: |r|^2 + |p|^2 - 2 <r, p>,  IP: -<q, m> - <r, m> - <r, p>
// less that room are bounds of a row's distance.
//
//   const SketchCodec codec(metric, middle);
//   codec.Encode(x, record);
//   const SketchQuery query = codec.Bind(q);
//   simd::SketchKernels().bounds(query.probe(), codec.Table(records), ...);
//
// Threads:   a codec is immutable.
// Ownership: borrows the middle, which must be as it is to stay.
// Source:    J. Gao, C. Long, "RaBitQ: quantizing high-dimensional vectors with
//            a theoretical error bound for approximate nearest neighbor
//            search", SIGMOD 2024, section 3; several bits: J. Gao et al.,
//            "Practical and asymptotically optimal quantization of
//            high-dimensional vectors", arXiv:2409.09913.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/quantization/rotation.h"
#include "simd/row_sketch.h"
#include "types/metric.h"

namespace elanus::index {

class SketchQuery {
 public:
  simd::SketchProbe probe() const {
    simd::SketchProbe probe = terms_;
    probe.weights = weights_.data();
    return probe;
  }

 private:
  friend class SketchCodec;

  std::vector<std::int8_t> weights_;
  simd::SketchProbe terms_{};
};

class SketchCodec {
 public:
  // Of fewer dimensions the errors are not near enough to normal ones.
  static constexpr std::size_t kMinDim = 64;
  static constexpr double kSigmas = 4;

  // `metric`: L2 or IP; the dimension, kMinDim or more, is the middle's.
  SketchCodec(types::MetricType metric, std::span<const float> middle);

  // Bytes of a record.
  static std::size_t StrideOf(std::size_t dim);
  // Bytes of so many records, with what kernels may read behind the last.
  static std::size_t BytesOf(std::size_t dim, std::size_t rows) {
    return rows * StrideOf(dim) + simd::kSketchSlack;
  }

  void Encode(const float* x, std::uint8_t* record) const;
  // With `room` below 1 its bounds leave room for that share of kSigmas only.
  SketchQuery Bind(const float* query, float room = 1) const;
  simd::SketchTable Table(const std::uint8_t* records) const {
    return {records, StrideOf(dim()), dim(), planes_};
  }

 private:
  std::size_t dim() const { return middle_.size(); }
  // The vector less the middle, rotated.
  std::vector<float> Turned(const float* vector) const;
  // Of a value in a rotated row.
  std::uint8_t CodeOf(float value, float step) const;
  // What is no step away from zero.
  float middle_code() const { return planes_ == 1 ? 0.5F : 1.5F; }

  const types::MetricType metric_;
  const std::span<const float> middle_;
  const std::size_t planes_;
  const double middle_length_;
  const Rotation rotation_;
  const std::vector<float> ones_;
};

}  // namespace elanus::index

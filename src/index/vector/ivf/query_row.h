// One query as an IVF index compares it with centroids and rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/vector/metric_kernels.h"
#include "index/vector/vector_index.h"
#include "types/metric.h"

namespace elanus::index {

// Either floats, of length 1 for COSINE, or bits. Borrowed.
struct QueryRow {
  const float* floats = nullptr;
  const std::uint8_t* bits = nullptr;
};

// Borrows the queries, unless they have to be scaled.
class BoundQueries {
 public:
  BoundQueries(const Queries& queries, types::MetricType metric,
               std::size_t dim)
      : dim_(dim),
        floats_(BindQueries(metric, queries.floats(), dim, storage_)),
        bits_(queries.bits()) {}
  BoundQueries(const BoundQueries&) = delete;
  BoundQueries& operator=(const BoundQueries&) = delete;

  QueryRow Row(std::size_t q) const {
    if (bits_.empty()) return {.floats = floats_.data() + q * dim_};
    return {.bits = reinterpret_cast<const std::uint8_t*>(bits_.data()) +
                    q * (dim_ / 8)};
  }

 private:
  const std::size_t dim_;
  std::vector<float> storage_;
  const std::span<const float> floats_;
  const std::span<const std::byte> bits_;
};

}  // namespace elanus::index

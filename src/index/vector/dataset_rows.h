// The rows of a dataset by their numbers, as an index stores them: float32,
// scaled to length 1 for COSINE.
//
// Threads:   Read from any thread.
// Ownership: borrows the dataset.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "index/vector/vector_index.h"
#include "types/metric.h"

namespace elanus::index {

// `count` of the numbers below `rows` chosen at random, rising, or all if there
// are not more.
std::vector<std::uint32_t> SampleRows(std::size_t rows, std::size_t count,
                                      std::uint64_t seed);

class DatasetRows {
 public:
  DatasetRows(const VectorDataset& dataset, types::MetricType metric);

  std::size_t rows() const { return rows_; }
  std::size_t dim() const { return dataset_.dim; }

  // Puts dim() values to `to`.
  void Read(std::size_t row, float* to) const;

  // `count` rows chosen at random, in order, or all if there are not more.
  std::vector<float> Sample(std::size_t count, std::uint64_t seed) const;

 private:
  const VectorDataset dataset_;
  const bool is_cosine_;
  std::size_t rows_ = 0;
  std::vector<std::size_t> first_;  // row of each block
};

}  // namespace elanus::index

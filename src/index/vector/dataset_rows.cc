#include "index/vector/dataset_rows.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "index/vector/metric_kernels.h"

namespace elanus::index {

std::vector<std::uint32_t> SampleRows(std::size_t rows, std::size_t count,
                                      std::uint64_t seed) {
  count = std::min(count, rows);
  std::vector<std::uint32_t> chosen;
  chosen.reserve(count);
  std::mt19937_64 random(seed);
  // Knuth's algorithm S: each row is taken with the chance that is left.
  for (std::size_t row = 0; chosen.size() < count; ++row) {
    if (random() % (rows - row) >= count - chosen.size()) continue;
    chosen.push_back(static_cast<std::uint32_t>(row));
  }
  return chosen;
}

DatasetRows::DatasetRows(const VectorDataset& dataset, types::MetricType metric)
    : dataset_(dataset), is_cosine_(metric == types::MetricType::kCosine) {
  for (const VectorBlock& block : dataset.blocks) {
    first_.push_back(rows_);
    rows_ += block.rows;
  }
}

void DatasetRows::Read(std::size_t row, float* to) const {
  const auto at = std::upper_bound(first_.begin(), first_.end(), row) - 1;
  const VectorBlock& block =
      dataset_.blocks[static_cast<std::size_t>(at - first_.begin())];
  const std::size_t dim = dataset_.dim;
  const float* const from =
      block.floats() + (row - *at) * (block.stride == 0 ? dim : block.stride);
  if (is_cosine_) {
    Normalise(from, to, dim);
  } else {
    std::memcpy(to, from, dim * sizeof(float));
  }
}

std::vector<float> DatasetRows::Sample(std::size_t count,
                                       std::uint64_t seed) const {
  const std::vector<std::uint32_t> chosen = SampleRows(rows_, count, seed);
  std::vector<float> sample(chosen.size() * dim());
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    Read(chosen[i], sample.data() + i * dim());
  }
  return sample;
}

}  // namespace elanus::index

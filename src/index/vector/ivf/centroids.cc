#include "index/vector/ivf/centroids.h"

#include <utility>

namespace elanus::index {
namespace {

class FloatCentroids final : public Centroids {
 public:
  FloatCentroids(PackedTable table, std::size_t dim)
      : table_(std::move(table)), dim_(dim) {}

  std::size_t width() const override { return table_.width(); }
  void Scores(QueryRow first, std::size_t count, float* out) const override {
    table_.Scores({first.floats, dim_}, count, out);
  }
  std::size_t memory_bytes() const override { return table_.memory_bytes(); }

 private:
  const PackedTable table_;
  const std::size_t dim_;
};

class BitCentroids final : public Centroids {
 public:
  BitCentroids(const BitTable& table, std::size_t bytes)
      : table_(table), bytes_(bytes) {}

  std::size_t width() const override { return table_.rows(); }
  void Scores(QueryRow first, std::size_t count, float* out) const override {
    for (std::size_t q = 0; q < count; ++q) {
      table_.Scores(first.bits + q * bytes_, out + q * width());
    }
  }
  std::size_t memory_bytes() const override { return 0; }

 private:
  const BitTable table_;
  const std::size_t bytes_;  // of a query
};

}  // namespace

absl::StatusOr<std::unique_ptr<Centroids>> OpenCentroids(
    const IndexFileReader& file, std::size_t lists) {
  const IndexFileInfo& info = file.info();
  const std::size_t dim = info.dim;
  if (info.type == IndexType::kBinIvfFlat) {
    ASSIGN_OR_RETURN(
        const auto bits,
        file.Array<std::uint8_t>(Section::kCentroids, lists * (dim / 8)));
    return std::make_unique<BitCentroids>(
        BitTable(info.metric, bits.data(), lists, dim / 8), dim / 8);
  }
  ASSIGN_OR_RETURN(const auto floats,
                   file.Array<float>(Section::kCentroids, lists * dim));
  return std::make_unique<FloatCentroids>(
      PackedTable({floats.data(), dim}, lists, dim,
                  info.metric == types::MetricType::kL2 ? TableScore::kL2
                                                        : TableScore::kNegDot),
      dim);
}

}  // namespace elanus::index

// FLAT of float32: all vectors, searched exactly.
//
// Threads:   as VectorIndex.
// Ownership: holds the bytes of its one file.
#pragma once

#include <memory>
#include <vector>

#include "index/vector/flat/codes.h"
#include "index/vector/index_file.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

class FlatIndex final : public VectorIndex {
 public:
  static absl::StatusOr<std::unique_ptr<FlatIndex>> Build(
      const base::OpContext& ctx, types::MetricType metric,
      const VectorDataset& dataset);
  static absl::StatusOr<std::unique_ptr<FlatIndex>> Open(IndexFileReader file);

  IndexType type() const override { return IndexType::kFlat; }
  types::MetricType metric() const override { return file_.info().metric; }
  std::size_t dim() const override { return file_.info().dim; }
  std::size_t size() const override { return block_.rows; }
  std::size_t memory_bytes() const override { return file_.bytes().size(); }

  absl::Status Search(const base::OpContext& ctx, const SearchQuery& query,
                      const SearchOutput& out) const override;
  absl::StatusOr<std::vector<Neighbor>> RangeSearch(
      const base::OpContext& ctx, const RangeQuery& query) const override;
  absl::StatusOr<std::unique_ptr<VectorIterator>> Iterate(
      const IterateQuery& query) const override;
  absl::StatusOr<std::vector<IndexFile>> Save() const override;

 private:
  explicit FlatIndex(IndexFileReader file) : file_(std::move(file)) {}

  VectorDataset dataset() const {
    return {.blocks = std::span(&block_, 1), .dim = dim()};
  }

  FlatRows rows() const {
    return {.data = block_.floats(),
            .rows = block_.rows,
            .dim = dim(),
            .inverse_norms = block_.inverse_norms};
  }

  IndexFileReader file_;
  VectorBlock block_;
  simd::CodeTable codes_{};  // width 0: a file without codes
};

}  // namespace elanus::index

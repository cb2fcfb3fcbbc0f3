// FLAT of vectors narrower than float32, and BIN_FLAT: the rows as given,
// searched exactly.
//
// Threads:   as VectorIndex.
// Ownership: holds the bytes of its one file.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "index/vector/index_file.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

class RawFlatIndex final : public VectorIndex {
 public:
  static absl::StatusOr<std::unique_ptr<RawFlatIndex>> Build(
      const base::OpContext& ctx, types::MetricType metric,
      const VectorDataset& dataset);
  static absl::StatusOr<std::unique_ptr<RawFlatIndex>> Open(
      IndexFileReader file);

  IndexType type() const override { return file_.info().type; }
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
  RawFlatIndex(IndexFileReader file, types::DataType data_type)
      : file_(std::move(file)), data_type_(data_type) {}

  VectorDataset dataset() const {
    return {.blocks = std::span(&block_, 1),
            .dim = dim(),
            .type = data_type_,
            .signature = signature_};
  }

  IndexFileReader file_;
  const types::DataType data_type_;
  VectorBlock block_;
  SignatureShape signature_;  // MHJACCARD only
};

}  // namespace elanus::index

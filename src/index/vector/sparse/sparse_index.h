// SPARSE_INVERTED_INDEX and SPARSE_WAND: inverted lists over sparse rows, for
// inner products (IP) and BM25.
//
// `inverted_index_algo` chooses between adding up all lists (TAAT_NAIVE) and
// passing over what cannot get among the k best (all others); the answer is
// the same. Exact unless drop_ratio_search is above 0 or dim_max_score_ratio
// below 1.
//
// A hit shares a dimension with the query and has a score above 0, so an answer
// may have fewer than k hits though more rows pass the filter.
//
// Threads:   as VectorIndex.
// Ownership: holds the bytes of its one file.
#pragma once

#include <memory>
#include <vector>

#include "index/vector/index_file.h"
#include "index/vector/registry.h"
#include "index/vector/sparse/postings.h"
#include "index/vector/sparse/window_search.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

class SparseIndex final : public VectorIndex {
 public:
  static absl::StatusOr<std::unique_ptr<SparseIndex>> Build(
      const base::OpContext& ctx, const IndexSpec& spec,
      const VectorDataset& dataset);
  static absl::StatusOr<std::unique_ptr<SparseIndex>> Open(
      IndexFileReader file);

  IndexType type() const override { return file_.info().type; }
  types::MetricType metric() const override { return file_.info().metric; }
  std::size_t dim() const override { return 0; }
  std::size_t size() const override { return postings_.rows(); }
  std::size_t memory_bytes() const override { return file_.bytes().size(); }

  absl::Status Search(const base::OpContext& ctx, const SearchQuery& query,
                      const SearchOutput& out) const override;
  absl::StatusOr<std::vector<Neighbor>> RangeSearch(
      const base::OpContext& ctx, const RangeQuery& query) const override;
  absl::StatusOr<std::unique_ptr<VectorIterator>> Iterate(
      const IterateQuery& query) const override;
  absl::StatusOr<std::vector<IndexFile>> Save() const override;

 private:
  SparseIndex(IndexFileReader file, const Postings& postings)
      : file_(std::move(file)), postings_(postings) {}

  absl::Status SearchOne(const base::OpContext& ctx,
                         std::span<const types::SparseEntry> query,
                         const WindowOptions& options, TopK& best) const;
  // All hits of a query, nearest first.
  absl::StatusOr<std::vector<Neighbor>> All(
      const base::OpContext& ctx, std::span<const types::SparseEntry> query,
      types::BitsetView excluded) const;

  IndexFileReader file_;
  Postings postings_;
  mutable WindowScoresPool scores_;
};

}  // namespace elanus::index

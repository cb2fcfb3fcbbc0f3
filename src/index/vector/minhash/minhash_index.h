// MINHASH_LSH: rows of bits that are signatures made by MinHash, found by the
// bands that they share with the query (band_table.h).
//
// A hit shares at least one band, so an answer may have fewer than k hits
// though more rows pass the filter. Its score is the share of the bands that it
// shares; with SearchParams::with_jaccard, which needs the signatures in the
// index, the rows that share most bands are ranked by the share of equal
// elements. Ranges and iterators go through all rows that share a band.
//
// Threads:   as VectorIndex.
// Ownership: holds the bytes of its one file.
// Errors:    as VectorIndex; kParameterInvalid for with_jaccard without
//            signatures; DATA_LOSS where a search meets a damaged table.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "index/vector/index_file.h"
#include "index/vector/minhash/band_table.h"
#include "index/vector/registry.h"
#include "index/vector/signature.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

class MinHashIndex final : public VectorIndex {
 public:
  static absl::StatusOr<std::unique_ptr<MinHashIndex>> Build(
      const base::OpContext& ctx, const IndexSpec& spec,
      const VectorDataset& dataset, const BuildOptions& options);
  static absl::StatusOr<std::unique_ptr<MinHashIndex>> Open(
      IndexFileReader file);

  IndexType type() const override { return file_.info().type; }
  types::MetricType metric() const override { return file_.info().metric; }
  std::size_t dim() const override { return file_.info().dim; }
  std::size_t size() const override {
    return static_cast<std::size_t>(file_.info().rows);
  }
  std::size_t memory_bytes() const override { return file_.bytes().size(); }

  absl::Status Search(const base::OpContext& ctx, const SearchQuery& query,
                      const SearchOutput& out) const override;
  absl::StatusOr<std::vector<Neighbor>> RangeSearch(
      const base::OpContext& ctx, const RangeQuery& query) const override;
  absl::StatusOr<std::unique_ptr<VectorIterator>> Iterate(
      const IterateQuery& query) const override;
  absl::StatusOr<std::vector<IndexFile>> Save() const override;

 private:
  struct Candidate {
    std::uint32_t row;
    std::uint32_t shared;  // bands
  };

  MinHashIndex(IndexFileReader file, const BandTable& table,
               const Signatures& signatures,
               std::span<const std::uint8_t> vectors)
      : file_(std::move(file)),
        table_(table),
        signatures_(signatures),
        vectors_(vectors) {}

  absl::Status Check(const Queries& queries, std::size_t nq,
                     const SearchParams& params) const;
  // The rows that share a band and are in.
  absl::StatusOr<std::vector<Candidate>> Candidates(
      const base::OpContext& ctx, const std::uint8_t* query,
      types::BitsetView excluded) const;
  // The same out of their buckets, of `total` rows together, or of all `rows`.
  static std::vector<Candidate> SortedCandidates(const Buckets& buckets,
                                                 std::size_t total);
  static std::vector<Candidate> CountedCandidates(const Buckets& buckets,
                                                  std::size_t rows);
  // They as hits, in no order; where elements rank them, no more than `rows`
  // that share most bands.
  absl::StatusOr<std::vector<Neighbor>> Ranked(const base::OpContext& ctx,
                                               const std::uint8_t* query,
                                               types::BitsetView excluded,
                                               const SearchParams& params,
                                               std::size_t rows) const;
  // Puts their resemblance in place of their bands.
  void RankByElements(const std::uint8_t* query,
                      std::vector<Neighbor>& hits) const;

  IndexFileReader file_;
  BandTable table_;
  Signatures signatures_;
  std::span<const std::uint8_t> vectors_;  // empty: not in the index
};

}  // namespace elanus::index

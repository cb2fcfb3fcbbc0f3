// The inverted lists of sparse rows: for each dimension the rows that have it,
// and their values. They lie in an index file as they are used.
//
// Rows are cut into windows of 2^14, so that a posting's row needs two bytes
// and a window's scores stay in the fast caches. The postings of a dimension
// in a window are a chunk; it knows its largest value, which bounds what it can
// add to any score (range maxima instead of maxima of blocks of postings: J.
// Mackenzie, M. Petri, A. Moffat, "Anytime Ranking on Document-Ordered
// Indexes", ACM TOIS 40(1), 2021).
//
//   ASSIGN_OR_RETURN(base::Buffer bytes, BuildPostings(ctx, spec, dataset));
//   ASSIGN_OR_RETURN(const Postings postings, Postings::Open(file));
//   for (const Chunk chunk : postings.ChunksOf(*postings.Find(dimension))) ...
//
// Threads:   any.
// Ownership: a view of the file's bytes.
// Errors:    DATA_LOSS for a file whose numbers would lead out of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/buffer.h"
#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/index_file.h"
#include "index/vector/registry.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

inline constexpr std::size_t kWindowRows = std::size_t{1} << 14;

class Postings {
 public:
  struct Chunk {
    std::uint32_t window;
    float largest;                        // of the values
    std::span<const std::uint16_t> rows;  // rising, from the window's first
    const float* values;
  };

  static absl::StatusOr<Postings> Open(const IndexFileReader& file);

  std::size_t rows() const { return rows_; }
  SparseAlgorithm algorithm() const { return algorithm_; }
  // All values are 0 or more: chunks bound scores.
  bool is_positive() const { return is_positive_; }

  // The number of the list of `dimension`.
  std::optional<std::size_t> Find(std::uint32_t dimension) const;
  // The numbers of the list's first chunk and of the one behind its last.
  std::size_t FirstChunk(std::size_t list) const { return list_first_[list]; }
  std::size_t EndChunk(std::size_t list) const { return list_first_[list + 1]; }
  std::uint32_t WindowOf(std::size_t chunk) const { return windows_[chunk]; }
  Chunk At(std::size_t chunk) const {
    const std::size_t first = chunk_first_[chunk];
    return {
        .window = windows_[chunk],
        .largest = largest_[chunk],
        .rows = {in_window_.data() + first, chunk_first_[chunk + 1] - first},
        .values = values_.data() + first};
  }

 private:
  absl::Status Check(const IndexFileReader& file) const;

  std::size_t rows_ = 0;
  SparseAlgorithm algorithm_ = SparseAlgorithm::kDaatMaxScore;
  bool is_positive_ = true;
  std::span<const std::uint32_t> dimensions_;   // rising
  std::span<const std::uint32_t> list_first_;   // lists + 1
  std::span<const std::uint32_t> windows_;      // of each chunk
  std::span<const std::uint32_t> chunk_first_;  // chunks + 1
  std::span<const float> largest_;              // of each chunk
  std::span<const std::uint16_t> in_window_;    // of each posting
  std::span<const float> values_;               // of each posting
};

// The whole file. BM25: values become tf (k1 + 1) / (tf + k1 (1 - b + b len /
// avgdl)), len the sum of a row's values, avgdl as given or else the rows'
// mean: S. Robertson, H. Zaragoza, "The Probabilistic Relevance Framework: BM25
// and Beyond", 2009.
absl::StatusOr<base::Buffer> BuildPostings(const base::OpContext& ctx,
                                           const IndexSpec& spec,
                                           const VectorDataset& dataset);

}  // namespace elanus::index

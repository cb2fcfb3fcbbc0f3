// The one interface of all vector indexes. An index is immutable: it is built
// from blocks of rows or opened from its files, and then only read.
//
//   ASSIGN_OR_RETURN(const IndexSpec spec, ParseIndexSpec({...}));
//   ASSIGN_OR_RETURN(auto index, BuildIndex(ctx, spec, dataset, {}));
//   std::vector<float> distances(nq * k);
//   std::vector<std::uint32_t> rows(nq * k);
//   RETURN_IF_ERROR(index->Search(
//       ctx,
//       {.queries = queries, .nq = nq, .k = k, .excluded = excluded},
//       {.distances = distances, .rows = rows}));
//
// A distance is smaller where a row is nearer (types/metric.h converts it to
// the wire's score). Rows are offsets into the dataset, 0 .. size() - 1. Of
// two rows at the same distance the smaller offset comes first.
//
// Threads:   all const methods from any thread.
// Ownership: an index owns its memory, or shares the buffers that it was
//            opened from; a dataset is borrowed during the build only, except
//            where a class says so.
// Errors:    kParameterInvalid for a query that does not fit (dimension,
//            ef < k); kCancelled and kDeadlineExceeded from the context;
//            DATA_LOSS naming file and block for damaged files.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/executor.h"
#include "base/op_context.h"
#include "base/status.h"
#include "types/bitset.h"
#include "types/data_type.h"
#include "types/metric.h"
#include "types/sparse.h"

namespace elanus::index {

// The row of a hit that is missing: fewer than k rows pass.
inline constexpr std::uint32_t kNoRow = 0xFFFFFFFF;
inline constexpr float kNoDistance = std::numeric_limits<float>::infinity();

// Rows as their type lays them out (types/column.h). Dense rows lie at equal
// distances; sparse ones where `offsets` says.
struct VectorBlock {
  const void* data = nullptr;
  std::size_t rows = 0;
  // Elements (bytes of bits) from row to row; 0 = no gap.
  std::size_t stride = 0;
  // 1 / |row| for each row (0 for a zero row), or null: then computed on the
  // fly. Only COSINE looks at it.
  const float* inverse_norms = nullptr;
  // Sparse rows: rows + 1 numbers of bytes from `data`.
  const std::uint32_t* offsets = nullptr;

  // Of a dataset of float32.
  const float* floats() const { return static_cast<const float*>(data); }
  // Of a dataset of sparse rows.
  types::SparseRows sparse() const {
    return {static_cast<const types::SparseEntry*>(data), {offsets, rows + 1}};
  }
};

// How rows of bits are signatures: elements of so many bytes behind each other.
// Bands are as many runs of equally many elements from the start.
struct SignatureShape {
  std::uint32_t element_bytes = 1;  // 1, 2, 4 or 8
  std::uint32_t bands = 0;          // 0: rows are compared by elements alone

  friend bool operator==(const SignatureShape&,
                         const SignatureShape&) = default;
};

// The vectors of a column, whose chunks need not lie together. What wants
// float32 gets it from other dense types by FloatRows (dense_rows.h).
struct VectorDataset {
  std::span<const VectorBlock> blocks;
  std::size_t dim = 0;  // 0 for sparse rows
  types::DataType type = types::DataType::kFloatVector;
  SignatureShape signature = {};  // only MHJACCARD looks at it
  // Of float32: what each row counts as, for filters and hits; none if they
  // count through.
  std::span<const std::uint32_t> numbers = {};

  std::size_t rows() const {
    std::size_t sum = 0;
    for (const VectorBlock& block : blocks) sum += block.rows;
    return sum;
  }
};

struct Neighbor {
  float distance = kNoDistance;
  std::uint32_t row = kNoRow;

  friend bool operator<(const Neighbor& a, const Neighbor& b) {
    return a.distance != b.distance ? a.distance < b.distance : a.row < b.row;
  }
  friend bool operator==(const Neighbor&, const Neighbor&) = default;
};

// What a search may be told besides its queries; ParseSearchParams
// (registry.h) makes one from the wire's text. An index ignores what it does
// not know.
struct SearchParams {
  // HNSW, AUTOINDEX: how many candidates are kept on data of usual difficulty;
  // on harder data the index keeps more. 0 = as target_recall says.
  std::size_t ef = 0;
  // HNSW, SCANN: the share of the nearest rows that is to be found, where
  // nothing else says how far to search. 0 = the default, 0.95.
  double target_recall = 0;
  // IVF: how many lists are looked into. 0 = the default, 8; SCANN: as
  // target_recall says.
  std::size_t nprobe = 0;
  // SCANN: how many rows are ranked again. 0 = the index decides.
  std::size_t reorder_k = 0;
  // Quantised indexes with finer values: how many times k are ranked again.
  float refine_k = 1;
  // Sparse: the share of the query's values, the smallest, that is left out.
  float drop_ratio = 0;
  // Sparse: below 1, rows are passed over whose best possible score is above
  // what the hits have, by so much.
  float dim_max_score_ratio = 1;
  // DISKANN: how many candidates are kept. 0 = the default, k + 54.
  std::size_t search_list = 0;
  // DISKANN: how many blocks are asked for at once. 0 = the default, 4.
  std::size_t beam_width = 0;
  // MHJACCARD where there are bands: hits are ranked by their elements and not
  // by the bands that they share with the query.
  bool with_jaccard = false;
  // MINHASH_LSH: how many rows are ranked so at least.
  std::size_t refine_rows = 0;
  // IVF_RABITQ: bits of a query's values in the scan. 0 = as they are.
  std::size_t query_bits = 0;
};

// The vectors of a search. Those for dense rows are float32 whatever the rows
// are: every narrower type has its values among the float32 numbers.
class Queries {
 public:
  Queries() = default;
  // nq * dim; implicit, because nearly all are.
  template <typename Floats>
  // NOLINTNEXTLINE(bugprone-forwarding-reference-overload): it is constrained.
  requires std::convertible_to<Floats, std::span<const float>> Queries(
      Floats&& floats)  // NOLINT(google-explicit-constructor)
      : floats_(std::forward<Floats>(floats)) {}
  // nq * dim / 8 bytes.
  static Queries Bits(std::span<const std::byte> bits) {
    Queries queries;
    queries.bits_ = bits;
    return queries;
  }
  static Queries Sparse(types::SparseRows rows) {
    Queries queries;
    queries.sparse_ = rows;
    return queries;
  }

  std::span<const float> floats() const { return floats_; }
  std::span<const std::byte> bits() const { return bits_; }
  types::SparseRows sparse() const { return sparse_; }

  // Query number `q` alone.
  Queries One(std::size_t q, std::size_t dim) const {
    if (!floats_.empty()) return floats_.subspan(q * dim, dim);
    if (!bits_.empty()) return Bits(bits_.subspan(q * dim / 8, dim / 8));
    return Sparse(sparse_.Slice(q, 1));
  }

 private:
  std::span<const float> floats_;
  std::span<const std::byte> bits_;
  types::SparseRows sparse_;
};

struct SearchQuery {
  Queries queries;
  std::size_t nq = 1;
  std::size_t k = 10;
  SearchParams params = {};
  // 1 = row is out. Rows beyond its size are in.
  types::BitsetView excluded = {};
  // Empty, or a distance for each query, of the last of k hits elsewhere: what
  // is farther is not wanted, and may be missing. What is nearer is found as
  // surely as in one index of all rows.
  std::span<const float> limits = {};

  float LimitOf(std::size_t q) const {
    return limits.empty() ? kNoDistance : limits[q];
  }
};

// Where a search puts its answer: nq * k each, query after query, nearest
// first, filled up with kNoDistance and kNoRow.
struct SearchOutput {
  std::span<float> distances;
  std::span<std::uint32_t> rows;
};

// All rows with at_least <= distance < below, the `limit` nearest of them.
// Milvus's radius and range_filter are `below` and `at_least` as distances
// (types::DistanceFromScore).
struct RangeQuery {
  bool Holds(float distance) const {
    return distance >= at_least && distance < below;
  }

  Queries query;  // one
  float below = kNoDistance;
  float at_least = -std::numeric_limits<float>::infinity();
  std::size_t limit = std::numeric_limits<std::size_t>::max();
  SearchParams params = {};
  types::BitsetView excluded = {};
};

struct IterateQuery {
  Queries query;  // one; copied
  SearchParams params = {};
  // Borrowed until the first Next has returned.
  types::BitsetView excluded = {};
};

// Gives the rows nearest first, batch by batch, each row once.
//
// Threads: one at a time. The index must outlive it.
class VectorIterator {
 public:
  virtual ~VectorIterator() = default;

  // The next rows, at most `count`; fewer only at the end.
  virtual absl::StatusOr<std::vector<Neighbor>> Next(const base::OpContext& ctx,
                                                     std::size_t count) = 0;
};

// One of the files that an index consists of. `name` is a plain name without
// a folder, unique within the index.
struct IndexFile {
  std::string name;
  base::Buffer bytes;
};

enum class IndexType : std::uint8_t {
  kFlat = 1,  // the numbers stand in files
  kHnsw = 2,
  kHnswSq = 8,
  kHnswPq = 9,
  kHnswPrq = 10,
  kDiskAnn = 11,
  kIvfFlat = 3,
  kIvfSq8 = 4,
  kIvfPq = 5,
  kScann = 6,
  kIvfRabitq = 7,
  kBinFlat = 12,
  kBinIvfFlat = 13,
  kMinHashLsh = 14,
  kSparseInverted = 15,
  kSparseWand = 16,
};
// The wire's name: "FLAT", "HNSW".
std::string_view NameOf(IndexType type);

class VectorIndex {
 public:
  virtual ~VectorIndex() = default;

  virtual IndexType type() const = 0;
  virtual types::MetricType metric() const = 0;
  virtual std::size_t dim() const = 0;
  virtual std::size_t size() const = 0;
  // Bytes held, mapped ones included.
  virtual std::size_t memory_bytes() const = 0;

  // The k nearest rows of each query.
  virtual absl::Status Search(const base::OpContext& ctx,
                              const SearchQuery& query,
                              const SearchOutput& out) const = 0;

  // Nearest first.
  virtual absl::StatusOr<std::vector<Neighbor>> RangeSearch(
      const base::OpContext& ctx, const RangeQuery& query) const = 0;

  virtual absl::StatusOr<std::unique_ptr<VectorIterator>> Iterate(
      const IterateQuery& query) const = 0;

  // The files that LoadIndex (registry.h) opens again. The buffers share the
  // index's memory where they can.
  virtual absl::StatusOr<std::vector<IndexFile>> Save() const = 0;
};

// How a build may use the machine.
struct BuildOptions {
  // Helpers of the calling thread, which works along. Null = the calling
  // thread alone; only then are equal inputs sure to give equal files.
  base::Executor* executor = nullptr;
  // How many threads work at most, the caller's among them.
  std::size_t max_threads = 1;
  std::uint64_t seed = 1;
};

}  // namespace elanus::index

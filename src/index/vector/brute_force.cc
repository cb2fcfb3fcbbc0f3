#include "index/vector/brute_force.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <utility>

#include "index/vector/bit_scan.h"
#include "index/vector/dense_rows.h"
#include "index/vector/metric_kernels.h"
#include "index/vector/query_check.h"
#include "index/vector/scan_iterator.h"
#include "index/vector/sparse_scan.h"
#include "index/vector/topk.h"

namespace elanus::index {
namespace {

// A tile of rows stays in the first-level cache, or nearly, while all queries
// of a group go over it.
constexpr std::size_t kTileBytes = 32 * 1024;
constexpr std::size_t kMinTileRows = 16;
constexpr std::size_t kMaxTileRows = 512;
constexpr std::size_t kQueryGroup = 16;
// The context is looked at after so many computed floats: about 100 us.
constexpr std::size_t kFloatsBetweenChecks = std::size_t{1} << 20;

std::size_t TileRows(std::size_t dim) {
  return std::clamp(kTileBytes / (dim * sizeof(float) + 1), kMinTileRows,
                    kMaxTileRows);
}

// The rows of [begin, begin + count) that are in, relative to `begin`.
void CollectIncluded(types::BitsetView excluded, std::size_t begin,
                     std::size_t count, std::vector<std::uint32_t>& rows) {
  rows.clear();
  for (std::size_t i = 0; i < count;) {
    const std::size_t row = begin + i;
    const std::size_t in_word = std::min(64 - row % 64, count - i);
    std::uint64_t out = 0;
    if (row / 64 < excluded.word_count()) {
      out = excluded.words()[row / 64] >> (row % 64);
    }
    std::uint64_t in = ~out;
    if (in_word < 64) in &= (std::uint64_t{1} << in_word) - 1;
    for (; in != 0; in &= in - 1) {
      rows.push_back(static_cast<std::uint32_t>(i) +
                     static_cast<std::uint32_t>(std::countr_zero(in)));
    }
    i += in_word;
  }
}

// The same for rows that have numbers of their own.
void CollectIncluded(types::BitsetView excluded,
                     std::span<const std::uint32_t> numbers,
                     std::vector<std::uint32_t>& rows) {
  rows.clear();
  for (std::uint32_t i = 0; i < numbers.size(); ++i) {
    if (!excluded.Test(numbers[i])) rows.push_back(i);
  }
}

// Goes over the blocks tile by tile and gives each tile's distances to
// `visit(q, distances, rows)`: `rows` are offsets through all blocks.
class TileScan {
 public:
  TileScan(const VectorDataset& dataset, types::MetricType metric,
           types::BitsetView excluded)
      : dataset_(dataset),
        is_cosine_(metric == types::MetricType::kCosine),
        kernels_(KernelsOf(metric)),
        decode_(DecoderOf(dataset.type)),
        excluded_(excluded),
        tile_rows_(TileRows(dataset.dim)) {
    if (decode_ != nullptr) decoded_.resize(tile_rows_ * dataset.dim);
    distances_.resize(kQueryGroup * tile_rows_);
    scales_.resize(tile_rows_);
  }

  template <typename Visit>
  absl::Status Run(const base::OpContext& ctx, std::span<const float> queries,
                   std::size_t nq, Visit visit) {
    std::size_t base = 0;
    std::size_t floats = 0;
    RETURN_IF_ERROR(ctx.Check());
    for (const VectorBlock& block : dataset_.blocks) {
      for (std::size_t at = 0; at < block.rows; at += tile_rows_) {
        const std::size_t rows = std::min(tile_rows_, block.rows - at);
        RunTile(block, at, rows, base, queries, nq, visit);
        floats += included_.size() * nq * dataset_.dim + rows;
        if (floats >= kFloatsBetweenChecks) {
          floats = 0;
          RETURN_IF_ERROR(ctx.Check());
        }
      }
      base += block.rows;
    }
    return absl::OkStatus();
  }

 private:
  template <typename Visit>
  void RunTile(const VectorBlock& block, std::size_t at, std::size_t rows,
               std::size_t base, std::span<const float> queries, std::size_t nq,
               Visit& visit) {
    const auto numbers = dataset_.numbers;
    if (numbers.empty()) {
      CollectIncluded(excluded_, base + at, rows, included_);
    } else {
      CollectIncluded(excluded_, numbers.subspan(base + at, rows), included_);
    }
    if (included_.empty()) return;
    const std::size_t dim = dataset_.dim;
    const simd::RowTable table = Table(block, at);
    if (is_cosine_) FillScales(block, at, table);
    // With few rows left, compute those only.
    const bool is_dense = included_.size() * 4 >= rows * 3;
    const std::size_t columns = is_dense ? rows : included_.size();
    for (std::size_t q = 0; q < nq; q += kQueryGroup) {
      const std::size_t group = std::min(kQueryGroup, nq - q);
      const float* first = queries.data() + q * dim;
      if (is_dense) {
        kernels_.block({first, dim}, group, table, rows, dim,
                       distances_.data());
      }
      for (std::size_t i = 0; i < group; ++i) {
        float* out = distances_.data() + i * columns;
        if (!is_dense) {
          kernels_.rows(first + i * dim, table, included_.data(), columns, dim,
                        out);
        }
        Deliver(q + i, out, is_dense, base + at, visit);
      }
    }
  }

  // The tile's rows as float32; narrower ones are decoded, as far as they are
  // in.
  simd::RowTable Table(const VectorBlock& block, std::size_t at) {
    const std::size_t dim = dataset_.dim;
    const std::size_t stride = block.stride == 0 ? dim : block.stride;
    if (decode_ == nullptr) return {block.floats() + at * stride, stride};
    const std::size_t width = stride * ElementBytes(dataset_.type);
    const auto* from = static_cast<const std::byte*>(block.data) + at * width;
    for (const std::uint32_t row : included_) {
      decode_(from + row * width, dim, decoded_.data() + row * dim);
    }
    return {decoded_.data(), dim};
  }

  template <typename Visit>
  void Deliver(std::size_t q, const float* distances, bool is_dense,
               std::size_t first_row, Visit& visit) {
    for (std::size_t i = 0; i < included_.size(); ++i) {
      const std::uint32_t row = included_[i];
      float distance = distances[is_dense ? row : i];
      if (is_cosine_) distance *= scales_[row];
      const std::size_t at = first_row + row;
      visit(q, distance,
            dataset_.numbers.empty() ? static_cast<std::uint32_t>(at)
                                     : dataset_.numbers[at]);
    }
  }

  void FillScales(const VectorBlock& block, std::size_t at,
                  simd::RowTable table) {
    for (const std::uint32_t row : included_) {
      scales_[row] =
          block.inverse_norms != nullptr
              ? block.inverse_norms[at + row]
              : InverseNorm(table.data + row * table.stride, dataset_.dim);
    }
  }

  const VectorDataset& dataset_;
  const bool is_cosine_;
  const MetricKernels kernels_;
  const simd::DecodeKernel decode_;  // null: the rows are float32
  const types::BitsetView excluded_;
  const std::size_t tile_rows_;
  std::vector<float> decoded_;
  std::vector<float> distances_;
  std::vector<float> scales_;
  std::vector<std::uint32_t> included_;
};

absl::Status CheckDataset(const VectorDataset& dataset,
                          types::MetricType metric) {
  RETURN_IF_ERROR(CheckMetric(dataset.type, metric));
  if (metric == types::MetricType::kBm25) {
    return base::InvalidInput(base::ErrorCode::kEngineUnsupported,
                              "BM25 needs an index: rows alone do not say how "
                              "rare a term is");
  }
  const bool is_sparse = dataset.type == types::DataType::kSparseFloatVector;
  if ((dataset.dim == 0) != is_sparse || dataset.rows() >= kNoRow) {
    return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                              "{} rows of {} dimensions of {} cannot be "
                              "searched",
                              dataset.rows(), dataset.dim,
                              types::NameOf(dataset.type));
  }
  return absl::OkStatus();
}

// Calls visit(query, distance, row) for every row that is in.
template <typename Visit>
absl::Status Scan(const base::OpContext& ctx, const VectorDataset& dataset,
                  types::MetricType metric, types::BitsetView excluded,
                  const SearchParams& params, const Queries& queries,
                  std::size_t nq, Visit visit) {
  if (dataset.type == types::DataType::kBinaryVector) {
    return BitScan(dataset, metric, excluded, params)
        .Run(ctx, queries.bits(), nq, visit);
  }
  if (dataset.type == types::DataType::kSparseFloatVector) {
    return SparseScan(dataset, excluded).Run(ctx, queries.sparse(), nq, visit);
  }
  std::vector<float> storage;
  const auto bound =
      BindQueries(metric, queries.floats(), dataset.dim, storage);
  return TileScan(dataset, metric, excluded).Run(ctx, bound, nq, visit);
}

// One query with memory of its own.
class OwnQuery {
 public:
  explicit OwnQuery(const Queries& query)
      : floats_(query.floats().begin(), query.floats().end()),
        bits_(query.bits().begin(), query.bits().end()) {
    if (query.sparse().size() == 0) return;
    const auto row = query.sparse().Row(0);
    entries_.assign(row.begin(), row.end());
    offsets_ = {0, static_cast<std::uint32_t>(row.size_bytes())};
  }

  Queries view() const {
    if (!offsets_.empty()) {
      return Queries::Sparse({entries_.data(), offsets_});
    }
    if (!bits_.empty()) return Queries::Bits(bits_);
    return floats_;
  }

 private:
  std::vector<float> floats_;
  std::vector<std::byte> bits_;
  std::vector<types::SparseEntry> entries_;
  std::vector<std::uint32_t> offsets_;
};

}  // namespace

absl::Status BruteForceSearch(const base::OpContext& ctx,
                              const VectorDataset& dataset,
                              types::MetricType metric,
                              const SearchQuery& query,
                              const SearchOutput& out) {
  RETURN_IF_ERROR(CheckDataset(dataset, metric));
  RETURN_IF_ERROR(
      CheckQueries(query.queries, dataset.type, dataset.dim, query.nq));
  RETURN_IF_ERROR(CheckRoom(query, out));
  std::vector<TopK> best;
  for (std::size_t q = 0; q < query.nq; ++q) {
    best.emplace_back(query.k, query.LimitOf(q));
  }
  RETURN_IF_ERROR(
      Scan(ctx, dataset, metric, query.excluded, query.params, query.queries,
           query.nq, [&best](std::size_t q, float distance, std::uint32_t row) {
             if (!(distance > best[q].bound())) {
               best[q].Offer({distance, row});
             }
           }));
  for (std::size_t q = 0; q < query.nq; ++q) {
    PutHits(best[q].TakeSorted(), q, query.k, out);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Neighbor>> BruteForceRangeSearch(
    const base::OpContext& ctx, const VectorDataset& dataset,
    types::MetricType metric, const RangeQuery& query) {
  RETURN_IF_ERROR(CheckDataset(dataset, metric));
  RETURN_IF_ERROR(CheckQueries(query.query, dataset.type, dataset.dim, 1));
  TopK best(query.limit);
  RETURN_IF_ERROR(Scan(ctx, dataset, metric, query.excluded, query.params,
                       query.query, 1,
                       [&](std::size_t, float distance, std::uint32_t row) {
                         if (query.Holds(distance)) best.Offer({distance, row});
                       }));
  return best.TakeSorted();
}

absl::StatusOr<std::unique_ptr<VectorIterator>> BruteForceIterate(
    const VectorDataset& dataset, types::MetricType metric,
    const IterateQuery& query) {
  RETURN_IF_ERROR(CheckDataset(dataset, metric));
  RETURN_IF_ERROR(CheckQueries(query.query, dataset.type, dataset.dim, 1));
  return std::make_unique<ScanIterator>(
      [dataset, metric, own = OwnQuery(query.query), excluded = query.excluded,
       params = query.params](
          const base::OpContext& ctx) -> absl::StatusOr<std::vector<Neighbor>> {
        std::vector<Neighbor> rows;
        RETURN_IF_ERROR(
            Scan(ctx, dataset, metric, excluded, params, own.view(), 1,
                 [&rows](std::size_t, float distance, std::uint32_t row) {
                   rows.push_back({Orderly(distance), row});
                 }));
        return rows;
      });
}

}  // namespace elanus::index

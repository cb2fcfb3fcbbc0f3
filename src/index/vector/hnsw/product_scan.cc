#include "index/vector/hnsw/product_scan.h"

#include <cstdint>
#include <span>

#include "index/vector/query_check.h"
#include "index/vector/scan_iterator.h"
#include "index/vector/topk.h"

namespace elanus::index {
namespace {

constexpr std::size_t kBatch = 256;

// Calls sink(neighbour) for every row that is in.
template <typename Sink>
absl::Status Scan(const base::OpContext& ctx, const ProductRows& rows,
                  const float* query, types::BitsetView excluded, Sink sink) {
  const std::unique_ptr<RowQuery> finest = rows.BindFinest(query);
  std::vector<std::uint32_t> batch;
  std::vector<float> distances(kBatch);
  const auto flush = [&] {
    finest->DistancesOf(batch, distances.data());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      sink(Neighbor{Orderly(distances[i]), batch[i]});
    }
    batch.clear();
  };
  for (std::uint32_t row = 0; row < rows.rows(); ++row) {
    if (row % kBatch == 0) RETURN_IF_ERROR(ctx.Check());
    if (excluded.Test(row)) continue;
    batch.push_back(row);
    if (batch.size() == kBatch) flush();
  }
  flush();
  return absl::OkStatus();
}

}  // namespace

absl::Status ProductSearch(const base::OpContext& ctx, const ProductRows& rows,
                           const SearchQuery& query, const SearchOutput& out) {
  for (std::size_t q = 0; q < query.nq; ++q) {
    TopK best(query.k);
    RETURN_IF_ERROR(Scan(
        ctx, rows, query.queries.floats().data() + q * rows.dim(),
        query.excluded, [&best](const Neighbor& row) { best.Offer(row); }));
    PutHits(best.TakeSorted(), q, query.k, out);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Neighbor>> ProductRangeSearch(
    const base::OpContext& ctx, const ProductRows& rows,
    const RangeQuery& query) {
  TopK best(query.limit);
  RETURN_IF_ERROR(Scan(ctx, rows, query.query.floats().data(), query.excluded,
                       [&](const Neighbor& row) {
                         if (query.Holds(row.distance)) best.Offer(row);
                       }));
  return best.TakeSorted();
}

std::unique_ptr<VectorIterator> ProductIterate(const ProductRows& rows,
                                               const IterateQuery& query) {
  const std::span<const float> floats = query.query.floats();
  return std::make_unique<ScanIterator>(
      [&rows, own = std::vector<float>(floats.begin(), floats.end()),
       excluded = query.excluded](
          const base::OpContext& ctx) -> absl::StatusOr<std::vector<Neighbor>> {
        std::vector<Neighbor> all;
        RETURN_IF_ERROR(
            Scan(ctx, rows, own.data(), excluded,
                 [&all](const Neighbor& row) { all.push_back(row); }));
        return all;
      });
}

}  // namespace elanus::index

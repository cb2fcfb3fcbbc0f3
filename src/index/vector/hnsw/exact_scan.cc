#include "index/vector/hnsw/exact_scan.h"

#include <algorithm>
#include <bit>

#include "index/vector/hnsw/code_bound.h"
#include "index/vector/kernel_rows.h"

namespace elanus::index {
namespace {

// Rows whose codes are looked at together; few at first, since the bound falls
// quickly.
constexpr std::size_t kFirstBatch = 32;
constexpr std::size_t kBatch = 64;
constexpr std::size_t kBatchesBetweenChecks = 64;

class Scan {
 public:
  Scan(const HnswGraph& graph, const float* query, WalkScratch& scratch,
       TopK& best)
      : graph_(graph),
        query_(query),
        scratch_(scratch),
        best_(best),
        probe_(graph.Bind(query, scratch.probe)),
        bound_(graph, *probe_.bytes) {
    scratch_.batch.clear();
    scratch_.sums.resize(std::max(scratch_.sums.size(), kBatch));
    scratch_.distances.resize(std::max(scratch_.distances.size(), kBatch));
  }

  absl::Status Run(const base::OpContext& ctx, types::BitsetView excluded) {
    RETURN_IF_ERROR(ctx.Check());
    const std::size_t words = (graph_.rows + 63) / 64;
    for (std::size_t i = 0; i < words; ++i) {
      std::uint64_t in = ~std::uint64_t{0};
      if (i < excluded.word_count()) in = ~excluded.words()[i];
      if (i + 1 == words && graph_.rows % 64 != 0) {
        in &= (std::uint64_t{1} << graph_.rows % 64) - 1;
      }
      for (; in != 0; in &= in - 1) {
        const std::size_t row =
            i * 64 + static_cast<std::size_t>(std::countr_zero(in));
        RETURN_IF_ERROR(Add(ctx, static_cast<std::uint32_t>(row)));
      }
    }
    LookAtCodes();
    return absl::OkStatus();
  }

 private:
  absl::Status Add(const base::OpContext& ctx, std::uint32_t row) {
    Prefetch(graph_.codes.data + row * graph_.codes.stride, graph_.dim);
    scratch_.batch.push_back(row);
    if (scratch_.batch.size() < batch_) return absl::OkStatus();
    LookAtCodes();
    batch_ = std::min(2 * batch_, kBatch);
    if (++batches_ % kBatchesBetweenChecks == 0) return ctx.Check();
    return absl::OkStatus();
  }

  void LookAtCodes() {
    std::vector<std::uint32_t>& batch = scratch_.batch;
    graph_.Distances(probe_, batch.data(), batch.size(), scratch_.sums.data(),
                     scratch_.distances.data());
    std::size_t left = 0;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const std::uint32_t row = batch[i];
      batch[left] = row;
      left += bound_.IsBeyond(scratch_.distances[i], graph_.code_errors[row])
                  ? 0
                  : 1;
    }
    batch.resize(left);
    if (left != 0) Compute();
    batch.clear();
  }

  // Offers what is left of the batch at its true distances.
  void Compute() {
    std::vector<std::uint32_t>& batch = scratch_.batch;
    const std::size_t count = batch.size();
    FillGroups(batch);
    graph_.ExactDistances(query_, batch.data(), batch.size(),
                          scratch_.distances.data());
    const float before = best_.bound();
    for (std::size_t i = 0; i < count; ++i) {
      const float distance = scratch_.distances[i];
      if (!(distance > best_.bound())) best_.Offer({distance, batch[i]});
    }
    if (best_.bound() != before) bound_.Set(best_.bound());
  }

  const HnswGraph& graph_;
  const float* const query_;
  WalkScratch& scratch_;
  TopK& best_;
  const Probe probe_;
  CodeBound bound_;
  std::size_t batch_ = kFirstBatch;
  std::size_t batches_ = 0;
};

}  // namespace

absl::Status ExactScan(const base::OpContext& ctx, const HnswGraph& graph,
                       const float* query, types::BitsetView excluded,
                       WalkScratch& scratch, TopK& best) {
  return Scan(graph, query, scratch, best).Run(ctx, excluded);
}

}  // namespace elanus::index

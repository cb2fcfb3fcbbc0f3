#include "index/vector/hnsw/exact_scan.h"

#include <algorithm>
#include <bit>
#include <span>

#include "index/vector/hnsw/code_bound.h"
#include "index/vector/hnsw/sketch_sieve.h"
#include "index/vector/kernel_rows.h"

namespace elanus::index {
namespace {

// Rows whose codes are looked at together; few at first, since the bound falls
// quickly.
constexpr std::size_t kFirstBatch = 32;
constexpr std::size_t kBatch = 64;
constexpr std::size_t kWordsBetweenChecks = 64;
// Rows besides k that give the others a bound.
constexpr std::size_t kMoreFirst = 6;

// Nanoseconds. A row is some scattered bytes. A scan by sketches binds the
// query to them first, and looks at the codes of some hundred rows besides
// those that give it a bound.
constexpr double kLookedAtRow = 8;
constexpr double kSketchedRow = 7;
constexpr double kByte = 0.05;
constexpr double kSketchedScan = 8000;

double CostBy(std::size_t bytes, std::size_t rows) {
  return static_cast<double>(rows) *
         (kLookedAtRow + kByte * static_cast<double>(bytes));
}

double CostBySketches(const HnswGraph& graph, std::size_t rows, std::size_t k) {
  const auto bytes = static_cast<double>(graph.sketches->table().stride);
  return kSketchedScan +
         static_cast<double>(rows) * (kSketchedRow + kByte * bytes) +
         CostBy(graph.scanned_bytes(), k + kMoreFirst);
}

bool IsSketched(const HnswGraph& graph, std::size_t rows, std::size_t k) {
  return graph.sketches != nullptr &&
         CostBySketches(graph, rows, k) < CostBy(graph.scanned_bytes(), rows);
}

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

  void Add(std::uint32_t row) {
    Prefetch(graph_.codes.data + row * graph_.codes.stride, graph_.dim);
    scratch_.batch.push_back(row);
    if (scratch_.batch.size() < batch_) return;
    LookAtCodes();
    batch_ = std::min(2 * batch_, kBatch);
  }

  // Looks at what a sieve holds, and empties it.
  void LookAt(SketchSieve& sieve) {
    const auto add_all = [this](std::span<const std::uint32_t> rows) {
      for (const std::uint32_t row : rows) Add(row);
    };
    add_all(sieve.TakeNearest(best_.k() + kMoreFirst));
    LookAtCodes();
    while (sieve.HasMore()) add_all(sieve.NextWithin(best_.bound()));
    LookAtCodes();
    sieve.Clear();
  }

  // Looks at the rows that were added and have not been looked at.
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

 private:
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
};

// add(row) for every row that is not excluded.
template <typename Add>
absl::Status ForEachPassing(const base::OpContext& ctx, std::size_t rows,
                            types::BitsetView excluded, Add add) {
  const std::size_t words = (rows + 63) / 64;
  for (std::size_t i = 0; i < words; ++i) {
    if (i % kWordsBetweenChecks == 0) RETURN_IF_ERROR(ctx.Check());
    std::uint64_t in = ~std::uint64_t{0};
    if (i < excluded.word_count()) in = ~excluded.words()[i];
    if (i + 1 == words && rows % 64 != 0) {
      in &= (std::uint64_t{1} << rows % 64) - 1;
    }
    for (; in != 0; in &= in - 1) {
      add(static_cast<std::uint32_t>(
          i * 64 + static_cast<std::size_t>(std::countr_zero(in))));
    }
  }
  return absl::OkStatus();
}

}  // namespace

double ScanCost(const HnswGraph& graph, std::size_t rows, std::size_t k) {
  return IsSketched(graph, rows, k) ? CostBySketches(graph, rows, k)
                                    : CostBy(graph.scanned_bytes(), rows);
}

double PlainScanCost(const HnswGraph& graph, std::size_t rows) {
  return CostBy(graph.dim * sizeof(float), rows);
}

absl::Status ExactScan(const base::OpContext& ctx, const HnswGraph& graph,
                       const float* query, const PassingRows& passing,
                       WalkScratch& scratch, TopK& best) {
  Scan scan(graph, query, scratch, best);
  if (passing.by_codes_alone || !IsSketched(graph, passing.count, best.k())) {
    RETURN_IF_ERROR(
        ForEachPassing(ctx, graph.rows, passing.excluded,
                       [&scan](std::uint32_t row) { scan.Add(row); }));
    scan.LookAtCodes();
    return absl::OkStatus();
  }
  SketchSieve sieve(*graph.sketches, query, scratch);
  RETURN_IF_ERROR(
      ForEachPassing(ctx, graph.rows, passing.excluded, [&](std::uint32_t row) {
        sieve.Add(row);
        if (sieve.is_full()) scan.LookAt(sieve);
      }));
  scan.LookAt(sieve);
  return absl::OkStatus();
}

}  // namespace elanus::index

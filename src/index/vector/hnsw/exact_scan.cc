#include "index/vector/hnsw/exact_scan.h"

#include <bit>

#include "index/vector/hnsw/code_scan.h"
#include "index/vector/hnsw/sketch_sieve.h"

namespace elanus::index {
namespace {

constexpr std::size_t kWordsBetweenChecks = 64;
// One row in so many.
constexpr std::size_t kManyPass = 8;
// Nanoseconds. A row is some scattered bytes. A scan by sketches binds the
// query to them first, and looks at the codes of some hundred rows besides
// those that give it a bound.
constexpr double kLookedAtRow = 8;
constexpr double kSketchedRow = 7;
constexpr double kByte = 0.05;
constexpr double kSketchedScan = 7500;

double CostBy(std::size_t bytes, std::size_t rows) {
  return static_cast<double>(rows) *
         (kLookedAtRow + kByte * static_cast<double>(bytes));
}

double SketchedCost(const HnswGraph& graph, std::size_t rows, std::size_t k) {
  return kSketchedScan + SketchedRowsCost(graph, rows) +
         CostBy(graph.scanned_bytes(), CodeScan::BoundingRows(k));
}

bool IsSketched(const HnswGraph& graph, std::size_t rows, std::size_t k) {
  return graph.sketches != nullptr &&
         SketchedCost(graph, rows, k) < CostBy(graph.scanned_bytes(), rows);
}

// add(row) for every row that is not excluded, as they lie.
template <typename Add>
absl::Status ForEachAsTheyLie(const base::OpContext& ctx,
                              const HnswGraph& graph,
                              types::BitsetView excluded, Add add) {
  for (std::uint32_t row = 0; row < graph.rows; ++row) {
    if (row % (64 * kWordsBetweenChecks) == 0) RETURN_IF_ERROR(ctx.Check());
    if (!graph.IsOut(excluded, row)) add(row);
  }
  return absl::OkStatus();
}

// The same as they are numbered.
template <typename Add>
absl::Status ForEachAsNumbered(const base::OpContext& ctx,
                               const HnswGraph& graph,
                               types::BitsetView excluded, Add add) {
  const std::size_t rows = graph.rows;
  const std::size_t words = (rows + 63) / 64;
  for (std::size_t i = 0; i < words; ++i) {
    if (i % kWordsBetweenChecks == 0) RETURN_IF_ERROR(ctx.Check());
    std::uint64_t in = ~std::uint64_t{0};
    if (i < excluded.word_count()) in = ~excluded.words()[i];
    if (i + 1 == words && rows % 64 != 0) {
      in &= (std::uint64_t{1} << rows % 64) - 1;
    }
    for (; in != 0; in &= in - 1) {
      add(graph.order.PositionOf(static_cast<std::uint32_t>(
          i * 64 + static_cast<std::size_t>(std::countr_zero(in)))));
    }
  }
  return absl::OkStatus();
}

// Where they are many, asking for each costs less than going to and fro.
template <typename Add>
absl::Status ForEachPassing(const base::OpContext& ctx, const HnswGraph& graph,
                            const PassingRows& passing, Add add) {
  return graph.order.is_given() && passing.count > graph.rows / kManyPass
             ? ForEachAsTheyLie(ctx, graph, passing.excluded, add)
             : ForEachAsNumbered(ctx, graph, passing.excluded, add);
}

}  // namespace

double SketchedRowsCost(const HnswGraph& graph, std::size_t rows) {
  const auto bytes = static_cast<double>(graph.sketches->table().stride);
  return static_cast<double>(rows) * (kSketchedRow + kByte * bytes);
}

double ScanCost(const HnswGraph& graph, std::size_t rows, std::size_t k) {
  return IsSketched(graph, rows, k) ? SketchedCost(graph, rows, k)
                                    : CostBy(graph.scanned_bytes(), rows);
}

double PlainScanCost(const HnswGraph& graph, std::size_t rows) {
  return CostBy(graph.dim * sizeof(float), rows);
}

absl::Status ExactScan(const base::OpContext& ctx, const HnswGraph& graph,
                       const float* query, const PassingRows& passing,
                       WalkScratch& scratch, TopK& best) {
  CodeScan scan(graph, query, scratch, best);
  if (passing.by_codes_alone || !IsSketched(graph, passing.count, best.k())) {
    RETURN_IF_ERROR(ForEachPassing(
        ctx, graph, passing, [&scan](std::uint32_t row) { scan.Add(row); }));
    scan.LookAtCodes();
    return absl::OkStatus();
  }
  SketchSieve sieve(*graph.sketches, query, scratch);
  RETURN_IF_ERROR(ForEachPassing(ctx, graph, passing, [&](std::uint32_t row) {
    sieve.Add(row);
    if (sieve.is_full()) scan.LookAt(sieve);
  }));
  scan.LookAt(sieve);
  return absl::OkStatus();
}

}  // namespace elanus::index

#include "index/vector/hnsw/calibrate.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>

#include "base/give_way.h"
#include "index/vector/held_out.h"
#include "index/vector/hnsw/exact_scan.h"
#include "index/vector/hnsw/layout.h"
#include "index/vector/hnsw/walk.h"
#include "index/vector/parallel.h"
#include "types/bitset.h"

namespace elanus::index {
namespace {

constexpr std::size_t kTopK = kMeasuredNeighbours;
constexpr std::array<std::uint32_t, kMaxRecallPoints> kLadder = {
    10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096};
// From here on the curve is of no use to anybody.
constexpr float kEnough = 0.995F;
// Distances of the scan and of the walk are rounded differently.
constexpr float kRounding = 1e-5F;
// A scan of the codes must find so much for so many queries.
constexpr std::size_t kCodedQueries = 100;
constexpr double kCodedRecall = 0.985;

// Of what is no farther than the last that is wanted.
float BoundBehind(float last) { return last + kRounding * std::abs(last); }

std::size_t CountNear(std::span<const Neighbor> hits, float bound) {
  const auto near = std::count_if(
      hits.begin(), hits.end(),
      [bound](const Neighbor& hit) { return hit.distance <= bound; });
  return std::min(static_cast<std::size_t>(near), kTopK);
}

absl::StatusOr<float> RecallAt(const base::OpContext& ctx,
                               const HnswGraph& graph, const HeldOut& held_out,
                               std::size_t ef, const BuildOptions& options) {
  constexpr RankPlan kRank = {.k = kTopK, .exact = ExactCount(kTopK)};
  const std::size_t nq = held_out.bounds.size();
  Turns turns(0, nq, 1);
  std::atomic<std::size_t> found{0};
  const auto count_found = [&](std::size_t) -> absl::Status {
    WalkScratch scratch(graph.rows);
    std::vector<Neighbor> hits;
    while (const auto turn = turns.Next()) {
      const std::size_t q = turn->begin;
      RETURN_IF_ERROR(WalkGraph(ctx, graph, &held_out.queries[q * graph.dim],
                                {.ef = ef, .rank = kRank}, scratch, hits)
                          .status());
      found += CountNear(hits, held_out.bounds[q]);
      base::GiveWay();
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(
      WorkTogether(options.executor, options.max_threads, count_found));
  return static_cast<float>(found) / static_cast<float>(nq * kTopK);
}

}  // namespace

absl::StatusOr<HeldOut> FindTruth(const base::OpContext& ctx,
                                  const HnswGraph& graph,
                                  std::vector<std::uint32_t> rows,
                                  std::size_t depth,
                                  const BuildOptions& options) {
  HeldOut held_out{.rows = std::move(rows), .depth = depth};
  for (const std::uint32_t row : held_out.rows) {
    const float* vector = graph.Vector(row);
    held_out.queries.insert(held_out.queries.end(), vector, vector + graph.dim);
  }
  const VectorBlock block = graph.block();
  ASSIGN_OR_RETURN(
      Truth truth,
      FindNearest(ctx, {.blocks = std::span(&block, 1), .dim = graph.dim},
                  graph.stored_metric, held_out.queries, held_out.rows, depth,
                  options));
  for (std::size_t q = 0; q < held_out.rows.size(); ++q) {
    held_out.bounds.push_back(
        BoundBehind(truth.distances[q * depth + kTopK - 1]));
  }
  held_out.nearest = std::move(truth.rows);
  return held_out;
}

absl::StatusOr<HeldOut> FindTruthOf(const base::OpContext& ctx,
                                    const HnswGraph& graph,
                                    std::vector<float> queries) {
  HeldOut held_out{.queries = std::move(queries)};
  WalkScratch scratch(graph.rows);
  for (std::size_t at = 0; at < held_out.queries.size(); at += graph.dim) {
    TopK best(kTopK);
    RETURN_IF_ERROR(ExactScan(ctx, graph, &held_out.queries[at],
                              {.count = graph.rows}, scratch, best));
    held_out.bounds.push_back(BoundBehind(best.bound()));
    base::GiveWay();
  }
  return held_out;
}

absl::StatusOr<bool> CodesServe(const base::OpContext& ctx,
                                const HnswGraph& graph, const HeldOut& held_out,
                                const BuildOptions& options) {
  const std::size_t nq = std::min(held_out.rows.size(), kCodedQueries);
  types::Bitset excluded(graph.rows);
  for (const std::uint32_t row : held_out.rows) excluded.Set(row);
  Turns turns(0, nq, 1);
  std::atomic<std::size_t> found{0};
  const auto search = [&](std::size_t) -> absl::Status {
    WalkScratch scratch(graph.rows);
    while (const auto turn = turns.Next()) {
      RETURN_IF_ERROR(ctx.Check());
      const std::size_t q = turn->begin;
      const float* query = &held_out.queries[q * graph.dim];
      const Probe probe = graph.Bind(query, scratch.probe);
      TopK best(ExactCount(kTopK));
      ScanCodes(graph, probe, excluded.view(), scratch, best);
      std::vector<Neighbor> hits = best.TakeSorted();
      RankExactly(graph, probe, {.k = kTopK}, scratch, hits);
      found += CountNear(hits, held_out.bounds[q]);
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(WorkTogether(options.executor, options.max_threads, search));
  return static_cast<double>(found) >=
         kCodedRecall * static_cast<double>(nq * kTopK);
}

absl::StatusOr<std::vector<RecallPoint>> MeasureRecall(
    const base::OpContext& ctx, const HnswGraph& graph, const HeldOut& held_out,
    const BuildOptions& options) {
  std::vector<RecallPoint> curve;
  if (held_out.bounds.empty()) return curve;
  for (const std::uint32_t ef : kLadder) {
    ASSIGN_OR_RETURN(const float recall,
                     RecallAt(ctx, graph, held_out, ef, options));
    curve.push_back({.ef = ef, .recall = recall});
    if (recall >= kEnough) break;
  }
  return curve;
}

}  // namespace elanus::index

#include "index/vector/hnsw/calibrate.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <random>

#include "index/vector/brute_force.h"
#include "index/vector/hnsw/walk.h"
#include "index/vector/parallel.h"

namespace elanus::index {
namespace {

constexpr std::size_t kTopK = RecallCurve::kTopK;
constexpr std::size_t kMinRows = 1000;
// Of so many rows one is held out.
constexpr std::size_t kRowsPerHeldOut = 100;
constexpr std::size_t kMaxHeldOut = 500;
constexpr std::array<std::uint32_t, 13> kLadder = {
    16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024};
// From here on the curve is of no use to anybody.
constexpr float kEnough = 0.995F;
// Distances of the scan and of the walk are rounded differently.
constexpr float kRounding = 1e-5F;

// The distance of the tenth nearest row of the graph, for each query.
absl::StatusOr<std::vector<float>> TrueBounds(
    const base::OpContext& ctx, const HnswGraph& graph,
    std::span<const float> queries, std::span<const std::uint32_t> held_out) {
  types::Bitset excluded(graph.rows);
  for (const std::uint32_t row : held_out) excluded.Set(row);
  const VectorBlock block = {.data = graph.vectors.data,
                             .rows = graph.rows,
                             .stride = graph.vectors.stride};
  const std::size_t nq = held_out.size();
  std::vector<float> distances(nq * kTopK);
  std::vector<std::uint32_t> rows(nq * kTopK);
  RETURN_IF_ERROR(BruteForceSearch(
      ctx, {.blocks = std::span(&block, 1), .dim = graph.dim},
      graph.stored_metric,
      {.queries = queries, .nq = nq, .k = kTopK, .excluded = excluded.view()},
      {.distances = distances, .rows = rows}));
  std::vector<float> bounds;
  for (std::size_t q = 0; q < nq; ++q) {
    const float last = distances[q * kTopK + kTopK - 1];
    bounds.push_back(last + kRounding * std::abs(last));
  }
  return bounds;
}

absl::StatusOr<float> RecallAt(const base::OpContext& ctx,
                               const HnswGraph& graph,
                               std::span<const float> queries,
                               std::span<const float> bounds, std::size_t ef,
                               const BuildOptions& options) {
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> found{0};
  const auto count_found = [&](std::size_t) -> absl::Status {
    WalkScratch scratch(graph.rows);
    std::vector<Neighbor> hits;
    for (std::size_t q = next++; q < bounds.size(); q = next++) {
      RETURN_IF_ERROR(
          WalkPlain(ctx, graph, &queries[q * graph.dim], ef, scratch, hits));
      const auto is_near = [bound = bounds[q]](const Neighbor& hit) {
        return hit.distance <= bound;
      };
      const auto near = static_cast<std::size_t>(
          std::count_if(hits.begin(), hits.end(), is_near));
      found += std::min(near, kTopK);
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(
      WorkTogether(options.executor, options.max_threads, count_found));
  return static_cast<float>(found) / static_cast<float>(bounds.size() * kTopK);
}

}  // namespace

std::vector<std::uint32_t> ChooseHeldOut(std::size_t rows,
                                         const types::Bitset& unfit,
                                         std::uint64_t seed) {
  if (rows < kMinRows) return {};
  const std::size_t wanted = std::min(rows / kRowsPerHeldOut, kMaxHeldOut);
  std::mt19937_64 random(seed);
  types::Bitset chosen(rows);
  // So many draws at most: nearly all rows may be unfit.
  for (std::size_t i = 0; i < wanted; ++i) {
    const std::size_t row = random() % rows;
    if (!unfit.Test(row)) chosen.Set(row);
  }
  std::vector<std::uint32_t> held_out;
  chosen.ForEach([&held_out](std::size_t row) {
    held_out.push_back(static_cast<std::uint32_t>(row));
  });
  return held_out;
}

absl::StatusOr<std::vector<RecallPoint>> MeasureRecall(
    const base::OpContext& ctx, const HnswGraph& graph,
    std::span<const std::uint32_t> held_out, const BuildOptions& options) {
  std::vector<RecallPoint> curve;
  if (held_out.empty()) return curve;
  std::vector<float> queries;
  for (const std::uint32_t row : held_out) {
    const float* vector = graph.Vector(row);
    queries.insert(queries.end(), vector, vector + graph.dim);
  }
  ASSIGN_OR_RETURN(const std::vector<float> bounds,
                   TrueBounds(ctx, graph, queries, held_out));
  for (const std::uint32_t ef : kLadder) {
    ASSIGN_OR_RETURN(const float recall,
                     RecallAt(ctx, graph, queries, bounds, ef, options));
    curve.push_back({.ef = ef, .recall = recall});
    if (recall >= kEnough) break;
  }
  return curve;
}

}  // namespace elanus::index

#include "index/vector/hnsw/walk.h"

#include <algorithm>
#include <span>
#include <utility>

#include "index/vector/kernel_rows.h"

namespace elanus::index {
namespace {

// About 100 us between two looks at the context.
constexpr std::size_t kExpansionsBetweenChecks = 64;
// Lines of a row that are fetched before its distance is computed; the
// kernels fetch the rest themselves.
constexpr std::size_t kPrefetchBytes = 256;

constexpr std::size_t kScanBatch = 256;

// Of a walk with a limit: hits that it may find yet, and candidates that it
// needs to find its way. With fewer it finds less than one over all rows would.
constexpr double kSpareHits = 3;
constexpr double kLeastKept = 16;

void PrefetchVector(const HnswGraph& graph, std::uint32_t row) {
  if (graph.product != nullptr) {
    graph.product->Prefetch(row);
    return;
  }
  const bool has_codes = graph.has_codes();
  const auto* at =
      has_codes ? graph.codes.data + row * graph.codes.stride
                : reinterpret_cast<const std::uint8_t*>(graph.Vector(row));
  const std::size_t bytes = has_codes ? graph.dim : graph.dim * sizeof(float);
  Prefetch(at, std::min(bytes, kPrefetchBytes));
}

void PrefetchLinks(const HnswGraph& graph, std::uint32_t row,
                   std::uint32_t level) {
  const std::uint32_t* links = graph.Links(row, level);
  __builtin_prefetch(links);
  __builtin_prefetch(links + 16);
}

// The neighbours of `row` that were not seen yet.
void CollectUnseen(const HnswGraph& graph, std::uint32_t row,
                   std::uint32_t level, WalkScratch& scratch) {
  const std::uint32_t* links = graph.Links(row, level);
  const std::size_t capacity = graph.capacity(level);
  scratch.batch.resize(capacity);
  std::uint32_t* const unseen = scratch.batch.data();
  std::size_t count = 0;
  for (std::size_t i = 0; i < capacity; ++i) {
    const std::uint32_t next = LoadLink(links + i);
    if (next >= graph.rows) {
      if (next == kNoRow) break;
      continue;
    }
    unseen[count] = next;
    count += scratch.visited.Insert(next) ? 1 : 0;
  }
  scratch.batch.resize(count);
  for (const std::uint32_t next : scratch.batch) PrefetchVector(graph, next);
}

const float* BatchDistances(const HnswGraph& graph, const Probe& probe,
                            WalkScratch& scratch) {
  const std::size_t count = scratch.batch.size();
  if (scratch.distances.size() < count) scratch.distances.resize(count);
  if (scratch.sums.size() < count) scratch.sums.resize(count);
  graph.Distances(probe, scratch.batch.data(), scratch.batch.size(),
                  scratch.sums.data(), scratch.distances.data());
  return scratch.distances.data();
}

// Whether a walk of `ef` has gone far enough for its limit.
bool IsFarEnough(const WalkLimit& limit, std::size_t ef, const BeamPool& pool) {
  // It may be asked for as many hits as it keeps candidates.
  if (!(limit.limit < kNoDistance) || pool.size() < ef) return false;
  const double share =
      (static_cast<double>(pool.CountWithin(limit.limit)) + kSpareHits) /
      limit.wanted;
  const double kept = std::max(kLeastKept, share * static_cast<double>(ef));
  return static_cast<double>(pool.place()) >= kept;
}

// Does the row pass, or one equal to it?
bool AnyPasses(const HnswGraph& graph, types::BitsetView excluded,
               std::uint32_t row) {
  for (; row != kNoRow; row = graph.NextEqual(row)) {
    if (!graph.IsOut(excluded, row)) return true;
  }
  return false;
}

// How many rows pass of the hits and those equal to them, up to `enough`.
std::size_t CountPassing(const HnswGraph& graph, types::BitsetView excluded,
                         std::span<const Neighbor> hits, std::size_t enough) {
  if (graph.next_equal == nullptr) return hits.size();
  std::size_t count = 0;
  for (const Neighbor& hit : hits) {
    for (std::uint32_t row = hit.row; row != kNoRow && count < enough;
         row = graph.NextEqual(row)) {
      count += graph.IsOut(excluded, row) ? 0 : 1;
    }
  }
  return count;
}

// Drops what is filtered out, and adds the rows equal to the others.
void TakePassing(const HnswGraph& graph, types::BitsetView excluded,
                 std::size_t limit, std::vector<Neighbor>& hits) {
  if (graph.next_equal == nullptr) return;
  std::vector<Neighbor> rows;
  for (Neighbor hit : hits) {
    for (; hit.row != kNoRow && rows.size() < limit;
         hit.row = graph.NextEqual(hit.row)) {
      if (!graph.IsOut(excluded, hit.row)) rows.push_back(hit);
    }
  }
  std::sort(rows.begin(), rows.end());
  hits = std::move(rows);
}

}  // namespace

Neighbor Descend(const HnswGraph& graph, const Probe& probe,
                 std::uint32_t to_level, WalkScratch& scratch) {
  Neighbor best = {graph.Distance(probe, graph.entry), graph.entry};
  for (std::uint32_t level = graph.max_level; level > to_level; --level) {
    for (bool moved = true; moved;) {
      moved = false;
      scratch.batch.clear();
      const std::uint32_t* links = graph.Links(best.row, level);
      for (std::size_t i = 0; i < graph.capacity(level); ++i) {
        const std::uint32_t next = LoadLink(links + i);
        if (next == kNoRow) break;
        if (next >= graph.rows) continue;
        PrefetchVector(graph, next);
        scratch.batch.push_back(next);
      }
      const float* distances = BatchDistances(graph, probe, scratch);
      for (std::size_t i = 0; i < scratch.batch.size(); ++i) {
        if (distances[i] < best.distance) {
          best = {distances[i], scratch.batch[i]};
          moved = true;
        }
      }
    }
  }
  return best;
}

absl::Status BeamSearch(const base::OpContext& ctx, const HnswGraph& graph,
                        const Probe& probe, Neighbor start, std::uint32_t level,
                        std::size_t ef, WalkScratch& scratch,
                        const WalkLimit& limit) {
  BeamPool& pool = scratch.pool;
  pool.Reset(ef);
  scratch.visited.Clear();
  scratch.visited.Insert(start.row);
  pool.Insert(start.distance, start.row);
  std::size_t expansions = 0;
  for (std::uint32_t row = pool.TakeNext(); row != kNoRow;
       row = pool.TakeNext()) {
    if (IsFarEnough(limit, ef, pool)) break;
    if (++expansions % kExpansionsBetweenChecks == 0) {
      RETURN_IF_ERROR(ctx.Check());
    }
    CollectUnseen(graph, row, level, scratch);
    if (const std::uint32_t next = pool.PeekNext(); next != kNoRow) {
      PrefetchLinks(graph, next, level);
    }
    const float* distances = BatchDistances(graph, probe, scratch);
    for (std::size_t i = 0; i < scratch.batch.size(); ++i) {
      const std::uint32_t found = scratch.batch[i];
      if (pool.Insert(distances[i], found)) PrefetchLinks(graph, found, level);
    }
  }
  return absl::OkStatus();
}

void ScanCodes(const HnswGraph& graph, const Probe& probe,
               types::BitsetView excluded, WalkScratch& scratch, TopK& best) {
  scratch.batch.clear();
  const auto flush = [&] {
    const float* distances = BatchDistances(graph, probe, scratch);
    for (std::size_t i = 0; i < scratch.batch.size(); ++i) {
      if (distances[i] > best.bound()) continue;
      best.Offer({distances[i], scratch.batch[i]});
    }
    scratch.batch.clear();
  };
  for (std::uint32_t row = 0; row < graph.rows; ++row) {
    if (graph.IsOut(excluded, row)) continue;
    scratch.batch.push_back(row);
    if (scratch.batch.size() == kScanBatch) flush();
  }
  flush();
}

absl::StatusOr<std::size_t> WalkGraph(const base::OpContext& ctx,
                                      const HnswGraph& graph,
                                      const float* query, const WalkPlan& plan,
                                      WalkScratch& scratch,
                                      std::vector<Neighbor>& hits) {
  const Probe probe = graph.Bind(query, scratch.probe);
  const Neighbor start = Descend(graph, probe, 0, scratch);
  RETURN_IF_ERROR(
      BeamSearch(ctx, graph, probe, start, 0, plan.ef, scratch,
                 {.limit = plan.rank.limit,
                  .wanted = static_cast<double>(plan.rank.k) / plan.share}));
  const BeamPool& pool = scratch.pool;
  hits.clear();
  for (std::size_t i = 0; i < pool.size(); ++i) {
    const Neighbor found = pool.At(i);
    if (AnyPasses(graph, plan.excluded, found.row)) hits.push_back(found);
  }
  std::size_t met = hits.size();
  if (met < plan.rank.k && plan.rank.limit < kNoDistance) {
    met = CountPassing(graph, plan.excluded, hits, plan.rank.k);
  }
  RankExactly(graph, probe, plan.rank, scratch, hits);
  TakePassing(graph, plan.excluded, std::max(plan.ef, hits.size()), hits);
  return std::max(met, hits.size());
}

}  // namespace elanus::index

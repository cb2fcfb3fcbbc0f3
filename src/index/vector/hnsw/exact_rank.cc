#include "index/vector/hnsw/exact_rank.h"

#include <algorithm>
#include <optional>
#include <span>

#include "index/vector/hnsw/code_bound.h"
#include "index/vector/kernel_rows.h"
#include "index/vector/topk.h"

namespace elanus::index {
namespace {

// Lines of a row that are fetched before it is compared; the hardware sees
// where the rest lies.
constexpr std::size_t kPrefetchBytes = 512;

// By the vectors of a graph with codes.
class Ranking {
 public:
  Ranking(const HnswGraph& graph, const Probe& probe, std::size_t k,
          float limit, WalkScratch& scratch)
      : graph_(graph),
        query_(probe.vector),
        scratch_(scratch),
        best_(k, limit) {
    if (graph.code_errors == nullptr) return;
    bound_.emplace(graph, *probe.bytes);
    TakeBound();
  }

  // The ranked hits come first, in no order. Returns how many.
  std::size_t Run(std::span<Neighbor> hits) {
    PrefetchPlaces(hits);
    PrefetchVectors(hits.first(std::min(hits.size(), kKernelGroup)));
    std::size_t ranked = 0;
    for (std::size_t i = 0; i < hits.size(); i += kKernelGroup) {
      const std::size_t end = std::min(hits.size(), i + kKernelGroup);
      PrefetchVectors(
          hits.subspan(end, std::min(kKernelGroup, hits.size() - end)));
      ranked += Rank(hits.subspan(i, end - i), hits.subspan(ranked));
    }
    return ranked;
  }

 private:
  void PrefetchPlaces(std::span<const Neighbor> hits) const {
    if (graph_.places == nullptr) return;
    for (const Neighbor& hit : hits) {
      __builtin_prefetch(graph_.places + hit.row);
    }
  }

  void PrefetchVectors(std::span<const Neighbor> hits) const {
    const std::size_t bytes =
        std::min(kPrefetchBytes, graph_.dim * sizeof(float));
    for (const Neighbor& hit : hits) {
      if (IsBeyond(hit)) continue;
      Prefetch(graph_.places == nullptr ? graph_.Vector(hit.row)
                                        : graph_.places[hit.row].vector,
               bytes);
    }
  }

  void TakeBound() {
    if (best_.bound() < kNoDistance) bound_->Set(best_.bound());
  }

  bool IsBeyond(const Neighbor& hit) const {
    return bound_.has_value() &&
           bound_->IsBeyond(hit.distance, graph_.code_errors[hit.row]);
  }

  // `to` may begin with `group`. Returns how many were not passed over.
  std::size_t Rank(std::span<const Neighbor> group, std::span<Neighbor> to) {
    std::vector<std::uint32_t>& rows = scratch_.batch;
    rows.clear();
    for (const Neighbor& hit : group) {
      if (!IsBeyond(hit)) rows.push_back(hit.row);
    }
    const std::size_t count = rows.size();
    if (count == 0) return 0;
    FillGroups(rows);
    float distances[kKernelGroup];
    graph_.ExactDistances(query_, rows.data(), rows.size(), distances);
    for (std::size_t i = 0; i < count; ++i) {
      to[i] = {Orderly(distances[i]), rows[i]};
      best_.Offer(to[i]);
    }
    if (bound_.has_value()) TakeBound();
    return count;
  }

  const HnswGraph& graph_;
  const float* const query_;
  WalkScratch& scratch_;
  TopK best_;
  std::optional<CodeBound> bound_;
};

void RankAll(const HnswGraph& graph, const Probe& probe, WalkScratch& scratch,
             std::span<Neighbor> hits) {
  scratch.batch.clear();
  for (const Neighbor& hit : hits) scratch.batch.push_back(hit.row);
  FillGroups(scratch.batch);
  scratch.distances.resize(
      std::max(scratch.distances.size(), scratch.batch.size()));
  graph.FinestDistances(probe.vector, scratch.batch, scratch.distances.data());
  for (std::size_t i = 0; i < hits.size(); ++i) {
    hits[i].distance = Orderly(scratch.distances[i]);
  }
}

}  // namespace

void RankExactly(const HnswGraph& graph, const Probe& probe,
                 const RankPlan& plan, WalkScratch& scratch,
                 std::vector<Neighbor>& hits) {
  if (!graph.has_finer() || hits.empty()) return;
  hits.resize(std::min(hits.size(), plan.exact));
  if (graph.product == nullptr) {
    hits.resize(Ranking(graph, probe, std::min(plan.k, hits.size()), plan.limit,
                        scratch)
                    .Run(hits));
  } else {
    RankAll(graph, probe, scratch, hits);
  }
  std::sort(hits.begin(), hits.end());
}

}  // namespace elanus::index

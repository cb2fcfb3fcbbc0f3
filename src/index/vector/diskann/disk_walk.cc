#include "index/vector/diskann/disk_walk.h"

#include <algorithm>

namespace elanus::index {
namespace {

// About 100 us between two looks at the context, if nothing has to be read.
constexpr std::size_t kStepsBetweenChecks = 64;
constexpr std::size_t kScanBatch = 256;
// Blocks that are asked for before the first of them is looked at, where it is
// known long before which are wanted.
constexpr std::size_t kBlocksAhead = 32;

class Walk {
 public:
  Walk(const DiskGraph& graph, const DiskWalk& walk, DiskScratch& scratch,
       TopK& best)
      : graph_(graph), walk_(walk), scratch_(scratch), best_(best) {}

  absl::Status Run(const base::OpContext& ctx) {
    graph_.codes.Bind(walk_.query, scratch_.codes);
    scratch_.seen.Clear();
    scratch_.blocks.Clear();
    scratch_.pool.Reset(std::max<std::size_t>(walk_.list_size, 1));
    scratch_.batch.assign(1, graph_.entry);
    scratch_.seen.Insert(graph_.entry);
    TakeBatch();
    std::size_t steps = 0;
    while (FillBeam()) {
      for (const std::uint32_t place : scratch_.beam) {
        if (++steps % kStepsBetweenChecks == 0) RETURN_IF_ERROR(ctx.Check());
        const std::size_t block = graph_.nodes.BlockOf(place);
        RETURN_IF_ERROR(scratch_.blocks.Insert(block)
                            ? TakeBlock(block)
                            : graph_.nodes.Fetch(block));
        RETURN_IF_ERROR(FollowLinks(place));
      }
    }
    return absl::OkStatus();
  }

 private:
  // The nearest nodes not stepped on yet. False if there are none.
  bool FillBeam() {
    scratch_.beam.clear();
    while (scratch_.beam.size() < walk_.beam_width) {
      const std::uint32_t place = scratch_.pool.TakeNext();
      if (place == kNoRow) break;
      scratch_.beam.push_back(place);
    }
    if (scratch_.beam.size() > 1) {
      for (const std::uint32_t place : scratch_.beam) {
        const std::size_t block = graph_.nodes.BlockOf(place);
        if (!scratch_.blocks.Has(block)) graph_.nodes.ReadAhead(block);
      }
    }
    for (const std::uint32_t place : scratch_.beam) {
      graph_.nodes.Prefetch(place);
    }
    return !scratch_.beam.empty();
  }

  absl::Status TakeBlock(std::size_t block) {
    if (!graph_.nodes.IsCached(block)) ++scratch_.reads;
    RETURN_IF_ERROR(graph_.Distances(walk_.query, block, scratch_.distances));
    const std::size_t first = graph_.nodes.FirstPlace(block);
    for (std::size_t i = 0; i < graph_.nodes.CountOf(block); ++i) {
      const auto place = static_cast<std::uint32_t>(first + i);
      const float distance = Orderly(scratch_.distances[i]);
      if (distance <= best_.bound()) {
        graph_.ForEachRow(place, walk_.excluded, [&](std::uint32_t row) {
          best_.Offer({distance, row});
        });
      }
      if (scratch_.seen.Insert(place)) scratch_.pool.Insert(distance, place);
    }
    return absl::OkStatus();
  }

  absl::Status FollowLinks(std::uint32_t place) {
    ASSIGN_OR_RETURN(const auto links, graph_.nodes.LinksAt(place));
    scratch_.batch.clear();
    for (const std::uint32_t next : links) {
      if (!scratch_.seen.Insert(next)) continue;
      scratch_.batch.push_back(next);
      graph_.codes.Prefetch(next);
    }
    TakeBatch();
    return absl::OkStatus();
  }

  void TakeBatch() {
    const std::size_t count = scratch_.batch.size();
    scratch_.distances.resize(std::max(scratch_.distances.size(), count));
    graph_.codes.Distances(scratch_.codes, scratch_.batch.data(), count,
                           scratch_.distances.data());
    for (std::size_t i = 0; i < count; ++i) {
      scratch_.pool.Insert(scratch_.distances[i], scratch_.batch[i]);
    }
  }

  const DiskGraph& graph_;
  const DiskWalk& walk_;
  DiskScratch& scratch_;
  TopK& best_;
};

}  // namespace

bool DiskGraph::AnyPasses(std::size_t place, types::BitsetView excluded) const {
  bool passes = false;
  ForEachRow(place, excluded, [&passes](std::uint32_t) { passes = true; });
  return passes;
}

absl::Status DiskGraph::Distances(const float* query, std::size_t block,
                                  std::vector<float>& out) const {
  RETURN_IF_ERROR(nodes.Read(block));
  const std::size_t count = nodes.CountOf(block);
  out.resize(std::max(out.size(), count));
  kernels.block({query, nodes.layout().dim}, 1, nodes.VectorsOf(block), count,
                nodes.layout().dim, out.data());
  return absl::OkStatus();
}

absl::Status WalkDisk(const base::OpContext& ctx, const DiskGraph& graph,
                      const DiskWalk& walk, DiskScratch& scratch, TopK& best) {
  return Walk(graph, walk, scratch, best).Run(ctx);
}

absl::Status EstimateAll(const base::OpContext& ctx, const DiskGraph& graph,
                         const DiskWalk& walk, DiskScratch& scratch,
                         const std::function<void(Neighbor)>& visit) {
  graph.codes.Bind(walk.query, scratch.codes);
  scratch.batch.clear();
  scratch.distances.resize(std::max(scratch.distances.size(), kScanBatch));
  const auto flush = [&]() -> absl::Status {
    graph.codes.Distances(scratch.codes, scratch.batch.data(),
                          scratch.batch.size(), scratch.distances.data());
    for (std::size_t i = 0; i < scratch.batch.size(); ++i) {
      visit({Orderly(scratch.distances[i]), scratch.batch[i]});
    }
    scratch.batch.clear();
    return ctx.Check();
  };
  for (std::uint32_t place = 0; place < graph.nodes.nodes(); ++place) {
    if (!graph.AnyPasses(place, walk.excluded)) continue;
    scratch.batch.push_back(place);
    if (scratch.batch.size() == kScanBatch) RETURN_IF_ERROR(flush());
  }
  return flush();
}

absl::Status ScanDisk(const base::OpContext& ctx, const DiskGraph& graph,
                      const DiskWalk& walk, std::size_t count,
                      DiskScratch& scratch, TopK& best) {
  TopK near(count);
  RETURN_IF_ERROR(
      EstimateAll(ctx, graph, walk, scratch, [&near](Neighbor estimate) {
        if (!(estimate.distance > near.bound())) near.Offer(estimate);
      }));
  std::vector<std::uint32_t> places;
  for (const Neighbor& hit : near.TakeSorted()) places.push_back(hit.row);
  std::sort(places.begin(), places.end());
  return RankDisk(ctx, graph, walk, places, scratch, best);
}

absl::Status RankDisk(const base::OpContext& ctx, const DiskGraph& graph,
                      const DiskWalk& walk,
                      std::span<const std::uint32_t> places,
                      DiskScratch& scratch, TopK& best) {
  constexpr std::size_t kNoBlock = static_cast<std::size_t>(-1);
  std::size_t read = kNoBlock;
  std::size_t ahead = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    for (; ahead < std::min(i + kBlocksAhead, places.size()); ++ahead) {
      const std::size_t block = graph.nodes.BlockOf(places[ahead]);
      if (ahead == 0 || graph.nodes.BlockOf(places[ahead - 1]) != block) {
        graph.nodes.ReadAhead(block);
      }
    }
    const std::size_t block = graph.nodes.BlockOf(places[i]);
    if (block != read) {
      read = block;
      RETURN_IF_ERROR(ctx.Check());
      if (!graph.nodes.IsCached(block)) ++scratch.reads;
      RETURN_IF_ERROR(graph.Distances(walk.query, block, scratch.distances));
    }
    const std::size_t within = places[i] - graph.nodes.FirstPlace(block);
    const float distance = Orderly(scratch.distances[within]);
    if (distance > best.bound()) continue;
    graph.ForEachRow(places[i], walk.excluded, [&](std::uint32_t row) {
      best.Offer({distance, row});
    });
  }
  return absl::OkStatus();
}

}  // namespace elanus::index

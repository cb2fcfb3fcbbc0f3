#include "index/vector/hnsw/insert.h"

#include <algorithm>

#include "index/vector/hnsw/walk.h"

namespace elanus::index {
namespace {

// Most candidates fall at one of the first comparisons.
constexpr std::size_t kGroup = 4;

bool IsNearerToAny(const HnswGraph& graph, const Neighbor& candidate,
                   const std::vector<std::uint32_t>& chosen,
                   std::vector<float>& room) {
  const float* vector = graph.BoundVector(candidate.row, room);
  for (std::size_t i = 0; i < chosen.size(); i += kGroup) {
    const std::size_t count = std::min(kGroup, chosen.size() - i);
    float distances[kGroup];
    graph.ExactDistances(vector, chosen.data() + i, count, distances);
    for (std::size_t j = 0; j < count; ++j) {
      if (distances[j] < candidate.distance) return true;
    }
  }
  return false;
}

// Of the candidates, nearest first, those that are nearer to the row than to
// any already chosen (algorithm 4).
void Choose(const HnswGraph& graph, const std::vector<Neighbor>& candidates,
            std::size_t limit, std::vector<float>& room,
            std::vector<std::uint32_t>& chosen) {
  chosen.clear();
  for (const Neighbor& candidate : candidates) {
    if (chosen.size() >= limit) break;
    if (IsNearerToAny(graph, candidate, chosen, room)) continue;
    chosen.push_back(candidate.row);
  }
}

}  // namespace

GraphInserter::GraphInserter(const HnswGraph& graph, std::size_t capacity,
                             Links links, std::size_t ef_construction)
    : graph_(graph),
      links_(links),
      ef_(std::max<std::size_t>(1, std::min(ef_construction, capacity))),
      locks_(std::make_unique<SpinLock[]>(capacity)) {}

absl::Status GraphInserter::Find(const base::OpContext& ctx, std::uint32_t row,
                                 InsertScratch& scratch) const {
  const Probe probe =
      graph_.Bind(graph_.BoundVector(row, scratch.bound), scratch.walk.probe);
  const std::uint32_t top =
      std::min<std::uint32_t>(graph_.levels[row], graph_.max_level);
  scratch.chosen.resize(top + 1);
  Neighbor start = Descend(graph_, probe, top, scratch.walk);
  for (std::uint32_t level = top + 1; level-- > 0;) {
    RETURN_IF_ERROR(
        BeamSearch(ctx, graph_, probe, start, level, ef_, scratch.walk));
    scratch.candidates.clear();
    const BeamPool& pool = scratch.walk.pool;
    for (std::size_t i = 0; i < pool.size(); ++i) {
      // Other threads may have linked to the row already.
      if (pool.At(i).row != row) scratch.candidates.push_back(pool.At(i));
    }
    start = pool.At(0);
    Choose(graph_, scratch.candidates, graph_.m, scratch.room,
           scratch.chosen[level]);
  }
  return absl::OkStatus();
}

void GraphInserter::Link(std::uint32_t row, InsertScratch& scratch) {
  for (auto level = static_cast<std::uint32_t>(scratch.chosen.size());
       level-- > 0;) {
    SetLinks(row, level, scratch.chosen[level]);
    for (const std::uint32_t neighbour : scratch.chosen[level]) {
      AddLink(neighbour, row, level, scratch);
    }
  }
}

void GraphInserter::SetLinks(std::uint32_t row, std::uint32_t level,
                             const std::vector<std::uint32_t>& rows) {
  locks_[row].Lock();
  std::uint32_t* links = LinksOf(row, level);
  // A link that another thread added meanwhile is kept behind them.
  std::vector<std::uint32_t> kept;
  const std::size_t capacity = graph_.capacity(level);
  for (std::size_t i = 0; i < capacity && links[i] != kNoRow; ++i) {
    if (std::find(rows.begin(), rows.end(), links[i]) == rows.end()) {
      kept.push_back(links[i]);
    }
  }
  std::size_t at = 0;
  for (const std::uint32_t to : rows) StoreLink(links + at++, to);
  for (const std::uint32_t to : kept) {
    if (at < capacity) StoreLink(links + at++, to);
  }
  locks_[row].Unlock();
}

// Makes `row` link to `to`; if the list is full, chooses anew.
void GraphInserter::AddLink(std::uint32_t row, std::uint32_t to,
                            std::uint32_t level, InsertScratch& scratch) {
  locks_[row].Lock();
  std::uint32_t* links = LinksOf(row, level);
  const std::size_t capacity = graph_.capacity(level);
  std::size_t count = 0;
  bool is_new = true;
  while (count < capacity && links[count] != kNoRow) {
    is_new = is_new && links[count] != to;
    ++count;
  }
  if (is_new && count < capacity) {
    StoreLink(links + count, to);
  } else if (is_new) {
    scratch.rows.assign(links, links + count);
    scratch.rows.push_back(to);
    ChooseAmong(row, capacity, scratch);
    for (std::size_t i = 0; i < capacity; ++i) {
      StoreLink(links + i,
                i < scratch.links.size() ? scratch.links[i] : kNoRow);
    }
  }
  locks_[row].Unlock();
}

// Of scratch.rows, into scratch.links.
void GraphInserter::ChooseAmong(std::uint32_t row, std::size_t limit,
                                InsertScratch& scratch) const {
  scratch.distances.resize(scratch.rows.size());
  graph_.ExactDistances(graph_.BoundVector(row, scratch.bound),
                        scratch.rows.data(), scratch.rows.size(),
                        scratch.distances.data());
  scratch.candidates.clear();
  for (std::size_t i = 0; i < scratch.rows.size(); ++i) {
    scratch.candidates.push_back(
        {Orderly(scratch.distances[i]), scratch.rows[i]});
  }
  std::sort(scratch.candidates.begin(), scratch.candidates.end());
  Choose(graph_, scratch.candidates, limit, scratch.room, scratch.links);
}

}  // namespace elanus::index

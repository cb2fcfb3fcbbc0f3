#include "index/vector/hnsw/insert.h"

#include <algorithm>

#include "base/give_way.h"
#include "index/vector/hnsw/walk.h"
#include "index/vector/kernel_rows.h"

namespace elanus::index {
namespace {

// Of the candidates of a row, nearest first, those that are nearer to it than
// to any already chosen (algorithm 4). Where there are codes they are compared
// by these, and by the vectors where those do not tell rows apart.
class Choice {
 public:
  Choice(const HnswGraph& graph, std::uint32_t row, InsertScratch& scratch,
         std::vector<std::uint32_t>& chosen)
      : graph_(graph), row_(row), scratch_(scratch), chosen_(chosen) {}

  void Make(std::size_t limit) {
    chosen_.clear();
    for (const Neighbor& candidate : scratch_.candidates) {
      if (chosen_.size() >= limit) break;
      if (IsNearerToAny(candidate)) continue;
      chosen_.push_back(candidate.row);
    }
  }

 private:
  bool IsNearerToAny(const Neighbor& candidate) const {
    if (chosen_.empty()) return false;
    const Probe probe =
        graph_.BindRow(candidate.row, scratch_.room, scratch_.probe);
    // Most candidates fall at one of the first comparisons.
    for (std::size_t i = 0; i < chosen_.size(); i += kKernelGroup) {
      const std::size_t count = std::min(kKernelGroup, chosen_.size() - i);
      float distances[kKernelGroup];
      std::int32_t sums[kKernelGroup];
      graph_.Distances(probe, chosen_.data() + i, count, sums, distances);
      for (std::size_t j = 0; j < count; ++j) {
        if (distances[j] < candidate.distance) return true;
        if (distances[j] == candidate.distance && graph_.has_codes() &&
            IsNearerByVectors(candidate.row, chosen_[i + j])) {
          return true;
        }
      }
    }
    return false;
  }

  // Is the candidate nearer to `chosen` than to the row?
  bool IsNearerByVectors(std::uint32_t candidate, std::uint32_t chosen) const {
    const std::uint32_t rows[] = {chosen, row_};
    float distances[2];
    graph_.ExactDistances(graph_.BoundVector(candidate, scratch_.room), rows, 2,
                          distances);
    return distances[0] < distances[1];
  }

  const HnswGraph& graph_;
  const std::uint32_t row_;
  InsertScratch& scratch_;
  std::vector<std::uint32_t>& chosen_;
};

}  // namespace

GraphInserter::GraphInserter(const HnswGraph& graph, std::size_t capacity,
                             Links links, std::size_t ef_construction)
    : graph_(graph),
      links_(links),
      ef_(std::max<std::size_t>(1, std::min(ef_construction, capacity))),
      locks_(std::make_unique<SpinLock[]>(capacity)) {}

absl::Status GraphInserter::Find(const base::OpContext& ctx, std::uint32_t row,
                                 InsertScratch& scratch) const {
  base::GiveWay();
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
    Choice(graph_, row, scratch, scratch.chosen[level]).Make(graph_.m);
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
  const std::size_t count = scratch.rows.size();
  scratch.distances.resize(count);
  scratch.walk.sums.resize(std::max(scratch.walk.sums.size(), count));
  graph_.Distances(graph_.BindRow(row, scratch.room, scratch.probe),
                   scratch.rows.data(), count, scratch.walk.sums.data(),
                   scratch.distances.data());
  scratch.candidates.clear();
  for (std::size_t i = 0; i < scratch.rows.size(); ++i) {
    scratch.candidates.push_back(
        {Orderly(scratch.distances[i]), scratch.rows[i]});
  }
  std::sort(scratch.candidates.begin(), scratch.candidates.end());
  Choice(graph_, row, scratch, scratch.links).Make(limit);
}

}  // namespace elanus::index

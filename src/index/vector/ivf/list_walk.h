// One query's way through the lists, nearest centroid first.
//
//   ListWalk walk(lists, centroids, excluded);
//   walk.Start(query, 8);
//   while (walk.steps() < 8) {
//     walk.Scan(*walk.Next(), *bound, nullptr, pool);
//   }
//
// Threads:   none; one walk serves query after query.
// Ownership: borrows all it is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "index/vector/ivf/candidate_pool.h"
#include "index/vector/ivf/centroids.h"
#include "index/vector/ivf/list_codec.h"
#include "index/vector/ivf/lists.h"
#include "simd/packed_rows.h"
#include "types/bitset.h"

namespace elanus::index {

class ListWalk {
 public:
  ListWalk(const Lists& lists, const Centroids& centroids,
           types::BitsetView excluded);

  // `expected`: how many lists will be asked for, as a rule; more may be.
  void Start(QueryRow query, std::size_t expected);
  // With what Centroids::Scores said of the query. Borrows it, and puts numbers
  // in the place of what is none.
  void Start(std::span<float> scores, std::size_t expected);

  // How many lists were given since Start.
  std::size_t steps() const { return next_; }
  std::optional<ListRef> Next();

  // Gives the rows of the list that are in to `pool`. With `single` the rows
  // are computed one by one where few of them are in.
  void Scan(const ListRef& list, ListQuery& query, RowQuery* single,
            CandidatePool& pool);

  // As above; `sink(distance, position)` gets those not above `bound`, as fine
  // as the query has them. Returns whether there may be such rows in the list,
  // those that are out included.
  template <typename Sink>
  bool Visit(const ListRef& list, ListQuery& query, float bound, Sink sink);

  // Few rows are in: they are better looked at one by one.
  bool is_sparse() const { return is_sparse_; }
  types::BitsetView excluded() const { return excluded_; }

  // Of the last query for which Scan or Visit was called: rows computed.
  std::size_t rows_seen() const { return rows_seen_; }

 private:
  // Rows computed at a time: their distances stay in the first-level cache.
  static constexpr std::size_t kChunk = 512;

  void SortRest();
  bool IsOut(std::size_t position) const {
    return excluded_.Test(lists_.ids[position]);
  }

  const Lists& lists_;
  const Centroids& centroids_;
  const types::BitsetView excluded_;
  bool is_sparse_ = false;
  std::size_t next_ = 0;
  std::size_t rows_seen_ = 0;
  std::vector<Neighbor> order_;  // lists, nearest first, as far as known
  std::span<float> scores_;      // of all lists
  std::vector<float> own_scores_;
  std::vector<float> distances_;
  std::vector<std::uint32_t> places_;
  std::vector<std::uint32_t> positions_;
};

template <typename Sink>
bool ListWalk::Visit(const ListRef& list, ListQuery& query, float bound,
                     Sink sink) {
  const simd::PackedKernels& kernels = simd::ChoosePackedKernels();
  const float coarse_bound = bound + query.margin();
  bool has_near = false;
  rows_seen_ += list.rows;
  for (std::size_t first = 0; first < list.rows; first += kChunk) {
    const std::size_t count = std::min(kChunk, list.rows - first);
    query.Distances(list, first, count, distances_.data());
    const std::size_t found =
        kernels.collect(distances_.data(), count, coarse_bound, places_.data());
    has_near = has_near || found > 0;
    positions_.clear();
    for (std::size_t i = 0; i < found; ++i) {
      const std::size_t position = list.begin + first + places_[i];
      if (IsOut(position)) continue;
      // Places rise: none is overwritten before it was read.
      distances_[positions_.size()] = distances_[places_[i]];
      positions_.push_back(static_cast<std::uint32_t>(position));
    }
    query.Refine(positions_, distances_.data());
    for (std::size_t i = 0; i < positions_.size(); ++i) {
      if (!(distances_[i] > bound)) sink(distances_[i], positions_[i]);
    }
  }
  return has_near;
}

}  // namespace elanus::index

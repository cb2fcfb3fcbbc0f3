#include "index/vector/ivf/list_walk.h"

#include <algorithm>
#include <span>

#include "index/vector/nearest_bound.h"

namespace elanus::index {
namespace {

// Below this share of rows that are in, single rows are computed.
constexpr std::size_t kSparse = 3;

}  // namespace

ListWalk::ListWalk(const Lists& lists, const Centroids& centroids,
                   types::BitsetView excluded)
    : lists_(lists),
      centroids_(centroids),
      excluded_(excluded),
      distances_(kChunk),
      places_(std::max(kChunk, lists.count()) + kPlacesSlack) {
  if (excluded.empty()) return;
  const std::size_t out = std::min(excluded.Count(), lists.rows());
  is_sparse_ = (lists.rows() - out) * kSparse < lists.rows();
}

void ListWalk::Start(QueryRow query, std::size_t expected) {
  own_scores_.resize(centroids_.width());
  centroids_.Scores(query, 1, own_scores_.data());
  Start(own_scores_, expected);
}

void ListWalk::Start(std::span<float> scores, std::size_t expected) {
  next_ = 0;
  rows_seen_ = 0;
  scores_ = scores.first(lists_.count());
  std::ranges::transform(scores_, scores_.begin(), Orderly);
  const NearestBound near = BoundOfSmallest(scores_, expected, places_.data());
  order_.clear();
  for (const std::uint32_t list : std::span(places_).first(near.count)) {
    order_.push_back({scores_[list], list});
  }
  std::sort(order_.begin(), order_.end());
}

void ListWalk::SortRest() {
  order_.clear();
  for (std::size_t list = 0; list < lists_.count(); ++list) {
    order_.push_back({scores_[list], static_cast<std::uint32_t>(list)});
  }
  std::sort(order_.begin(), order_.end());
}

std::optional<ListRef> ListWalk::Next() {
  if (next_ >= lists_.count()) return std::nullopt;
  // The first ones are the same in both orders.
  if (next_ >= order_.size()) SortRest();
  const Neighbor& list = order_[next_++];
  return lists_.At(list.row, list.distance);
}

void ListWalk::Scan(const ListRef& list, ListQuery& query, RowQuery* single,
                    CandidatePool& pool) {
  const simd::PackedKernels& kernels = simd::ChoosePackedKernels();
  const bool is_single = single != nullptr && is_sparse_;
  if (!is_single) rows_seen_ += list.rows;
  for (std::size_t first = 0; first < list.rows; first += kChunk) {
    std::size_t count = std::min(kChunk, list.rows - first);
    const std::size_t begin = list.begin + first;
    if (is_single) {
      positions_.clear();
      for (std::size_t i = begin; i < begin + count; ++i) {
        if (!IsOut(i)) positions_.push_back(static_cast<std::uint32_t>(i));
      }
      count = positions_.size();
      rows_seen_ += count;
      single->DistancesOf(positions_, distances_.data());
    } else {
      query.Distances(list, first, count, distances_.data());
    }
    const std::size_t found =
        kernels.collect(distances_.data(), count, pool.bound(), places_.data());
    for (std::size_t i = 0; i < found; ++i) {
      const std::uint32_t place = places_[i];
      const std::uint32_t position =
          is_single ? positions_[place]
                    : static_cast<std::uint32_t>(begin + place);
      if (!is_single && IsOut(position)) continue;
      pool.Offer(distances_[place], position);
    }
  }
}

}  // namespace elanus::index

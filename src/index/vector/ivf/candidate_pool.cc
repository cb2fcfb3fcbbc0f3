#include "index/vector/ivf/candidate_pool.h"

#include "index/vector/nearest_bound.h"

namespace elanus::index {
namespace {

constexpr std::size_t kRoom = 64;

}  // namespace

void CandidatePool::Reset(std::size_t wanted) {
  wanted_ = wanted;
  bound_ = kNoDistance;
  count_ = 0;
  const std::size_t room = std::max(2 * wanted, wanted + kRoom);
  distances_.resize(room);
  positions_.resize(room);
  places_.resize(room + kPlacesSlack);
}

void CandidatePool::Shrink() {
  DropFar();
  // Where many are equally near, or infinitely far, that may have been none.
  if (count_ == distances_.size()) DropAllBut();
}

void CandidatePool::DropFar() {
  const NearestBound near = BoundOfSmallest(std::span(distances_).first(count_),
                                            wanted_, places_.data());
  // Places rise: none is overwritten before it was read.
  for (std::size_t i = 0; i < near.count; ++i) {
    distances_[i] = distances_[places_[i]];
    positions_[i] = positions_[places_[i]];
  }
  count_ = near.count;
  if (count_ >= wanted_) bound_ = near.bound;
}

void CandidatePool::DropAllBut() {
  const std::span<const Neighbor> nearest = Take();
  for (const Neighbor& neighbor : nearest) {
    distances_[count_] = neighbor.distance;
    positions_[count_] = neighbor.row;
    bound_ =
        count_ == 0 ? neighbor.distance : std::max(bound_, neighbor.distance);
    ++count_;
  }
}

std::span<const Neighbor> CandidatePool::Take() {
  if (count_ > wanted_) DropFar();
  taken_.clear();
  for (std::size_t i = 0; i < count_; ++i) {
    taken_.push_back({distances_[i], positions_[i]});
  }
  if (count_ > wanted_) {
    std::nth_element(taken_.begin(),
                     taken_.begin() + static_cast<std::ptrdiff_t>(wanted_),
                     taken_.end());
    taken_.resize(wanted_);
  }
  count_ = 0;
  return taken_;
}

}  // namespace elanus::index

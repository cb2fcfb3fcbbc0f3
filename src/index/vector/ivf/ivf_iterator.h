// Goes through an IVF index list by list: each batch is the nearest rows of
// the lists looked into so far, and nprobe lists are always looked into ahead
// of the farthest row given.
//
// Threads:   as VectorIterator.
// Ownership: copies query and bits; the index must outlive it.
#pragma once

#include <memory>
#include <vector>

#include "index/vector/ivf/ivf_index.h"
#include "types/bitset.h"

namespace elanus::index {

class IvfIterator final : public VectorIterator {
 public:
  IvfIterator(const IvfIndex& index, const IterateQuery& query);

  absl::StatusOr<std::vector<Neighbor>> Next(const base::OpContext& ctx,
                                             std::size_t count) override;

 private:
  const IvfIndex& index_;
  const std::vector<float> floats_;
  const std::vector<std::byte> bits_;
  const QueryRow query_;  // in one of the two
  const types::Bitset excluded_;
  const std::size_t ahead_;  // lists
  ListWalk walk_;
  std::unique_ptr<ListQuery> rows_;
  // Rows of the lists looked into and not given yet, nearest on top; with the
  // number of the list's step.
  struct Found {
    Neighbor hit;
    std::size_t step = 0;
  };
  std::vector<Found> heap_;
  // Rows of the next answer, nearest first; an error leaves them here.
  std::vector<Neighbor> ready_;
  std::size_t farthest_step_ = 0;
};

}  // namespace elanus::index

// Goes through a DISKANN index by the codes: the nodes that they say are
// nearest are read, and given in the order of their true distances, so many
// being read ahead of those given.
//
// Memory:    8 bytes a row that passes.
// Threads:   as VectorIterator.
// Ownership: copies query and bits; the index must outlive it.
#pragma once

#include <vector>

#include "index/vector/diskann/disk_walk.h"
#include "index/vector/vector_index.h"
#include "types/bitset.h"

namespace elanus::index {

class DiskIterator final : public VectorIterator {
 public:
  DiskIterator(const DiskGraph& graph, types::MetricType metric,
               const IterateQuery& query);

  absl::StatusOr<std::vector<Neighbor>> Next(const base::OpContext& ctx,
                                             std::size_t count) override;

 private:
  absl::Status Start(const base::OpContext& ctx);
  // Reads the nodes that are nearest by their codes.
  absl::Status ReadMore(const base::OpContext& ctx);

  const DiskGraph& graph_;
  const std::vector<float> query_;
  const types::Bitset excluded_;
  const std::size_t ahead_;
  DiskScratch scratch_{0, 0};
  bool is_started_ = false;
  std::vector<Neighbor> estimates_;  // heap of places, nearest on top
  std::vector<Neighbor> read_;       // heap of rows, nearest on top
};

}  // namespace elanus::index

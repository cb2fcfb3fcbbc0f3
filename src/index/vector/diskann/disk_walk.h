// One search through a DISKANN index: a walk that goes by the codes in memory
// and reads the blocks it steps on, `beam_width` at a time. All nodes of a
// block that was read are compared by their vectors, and are steps that cost
// no read.
//
// Threads: one walk at a time with one scratch.
// Errors:  of the context and of DiskNodes.
// Source:  Subramanya et al., NeurIPS 2019, section 3; what is done with the
//          other nodes of a block: Wang et al., SIGMOD 2024.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/diskann/disk_codes.h"
#include "index/vector/diskann/disk_nodes.h"
#include "index/vector/hnsw/scratch.h"
#include "index/vector/metric_kernels.h"
#include "index/vector/topk.h"
#include "types/bitset.h"

namespace elanus::index {

// A set of numbers, emptied in time of what is in it: a bit a number, for
// searches share the memory that the index is to save.
class SparseSet {
 public:
  explicit SparseSet(std::size_t size) : bits_(size) {}

  // True if it was not in yet.
  bool Insert(std::size_t value) {
    if (bits_.Test(value)) return false;
    bits_.Set(value);
    values_.push_back(static_cast<std::uint32_t>(value));
    return true;
  }
  bool Has(std::size_t value) const { return bits_.Test(value); }
  void Clear() {
    for (const std::uint32_t value : values_) bits_.Clear(value);
    values_.clear();
  }

 private:
  types::Bitset bits_;
  std::vector<std::uint32_t> values_;
};

// What one search needs, kept from search to search.
struct DiskScratch {
  DiskScratch(std::size_t node_count, std::size_t block_count)
      : seen(node_count), blocks(block_count) {}
  static std::size_t BytesOf(std::size_t node_count, std::size_t block_count) {
    return (node_count + block_count) / 8;
  }

  DiskCodes::Bound codes;
  SparseSet seen;    // places
  SparseSet blocks;  // those read
  BeamPool pool;
  std::vector<std::uint32_t> beam;
  std::vector<std::uint32_t> batch;
  std::vector<float> distances;
  std::size_t reads = 0;  // blocks that were read and not cached
};

// The parts of an open index that a search looks at.
struct DiskGraph {
  const DiskCodes& codes;
  const DiskNodes& nodes;
  MetricKernels kernels;
  std::uint32_t entry = 0;
  std::span<const std::uint32_t> node_rows;   // row of each place
  std::span<const std::uint32_t> next_equal;  // by row; none if empty

  // Offers the rows of the node at a place, as far as they pass.
  template <typename Offer>
  void ForEachRow(std::size_t place, types::BitsetView excluded,
                  Offer offer) const {
    for (std::uint32_t row = node_rows[place]; row != kNoRow;
         row = next_equal.empty() ? kNoRow : next_equal[row]) {
      if (!excluded.Test(row)) offer(row);
    }
  }
  bool AnyPasses(std::size_t place, types::BitsetView excluded) const;
  // Reads a block: the true distances of all its nodes, as many as it has.
  absl::Status Distances(const float* query, std::size_t block,
                         std::vector<float>& out) const;
};

struct DiskWalk {
  const float* query = nullptr;
  types::BitsetView excluded;
  std::size_t list_size = 0;
  std::size_t beam_width = 1;
};

// Offers all rows that were read and pass.
absl::Status WalkDisk(const base::OpContext& ctx, const DiskGraph& graph,
                      const DiskWalk& walk, DiskScratch& scratch, TopK& best);

// Visits each node with a row that passes: its place, and its distance by the
// codes.
absl::Status EstimateAll(const base::OpContext& ctx, const DiskGraph& graph,
                         const DiskWalk& walk, DiskScratch& scratch,
                         const std::function<void(Neighbor)>& visit);

// Offers the rows of the `count` nodes that are nearest by their codes, of
// those with a row that passes.
absl::Status ScanDisk(const base::OpContext& ctx, const DiskGraph& graph,
                      const DiskWalk& walk, std::size_t count,
                      DiskScratch& scratch, TopK& best);

// Reads the nodes at these places, in order, and offers their rows.
absl::Status RankDisk(const base::OpContext& ctx, const DiskGraph& graph,
                      const DiskWalk& walk,
                      std::span<const std::uint32_t> places,
                      DiskScratch& scratch, TopK& best);

}  // namespace elanus::index

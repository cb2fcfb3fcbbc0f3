// DISKANN: a graph whose nodes stay on the disk. In memory are short codes of
// the rows, a twelfth of them by default, the numbers of the rows, and the
// nodes around the entry point.
//
// A search walks the graph (disk_walk.h). Under a filter it walks through the
// rows that are out, keeping more candidates the fewer pass; or, where fewer
// pass than such a walk looks at, it goes over their codes and reads the best,
// or all if they are few.
//
// Threads:   as VectorIndex.
// Ownership: shares the bytes of its one file, which stay mapped where they
//            are, and keeps a copy of what belongs into memory.
// Source:    disk_walk.h, vamana.h, disk_nodes.h.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "index/vector/diskann/disk_file.h"
#include "index/vector/diskann/disk_walk.h"
#include "index/vector/hnsw/scratch.h"
#include "index/vector/index_file.h"
#include "index/vector/registry.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

class DiskAnnIndex final : public VectorIndex {
 public:
  static absl::StatusOr<std::unique_ptr<DiskAnnIndex>> Build(
      const base::OpContext& ctx, const IndexSpec& spec,
      const VectorDataset& dataset, const BuildOptions& options);
  static absl::StatusOr<std::unique_ptr<DiskAnnIndex>> Open(
      IndexFileReader file);

  IndexType type() const override { return file_.info().type; }
  types::MetricType metric() const override { return file_.info().metric; }
  std::size_t dim() const override { return file_.info().dim; }
  std::size_t size() const override { return file_.info().rows; }
  std::size_t memory_bytes() const override {
    return file_.bytes().size() + resident_bytes();
  }
  // Without the file's bytes, which the kernel takes back at will.
  std::size_t resident_bytes() const;
  // Blocks that searches asked the file for, those in the page cache included.
  std::uint64_t reads() const { return reads_.load(std::memory_order_relaxed); }

  absl::Status Search(const base::OpContext& ctx, const SearchQuery& query,
                      const SearchOutput& out) const override;
  absl::StatusOr<std::vector<Neighbor>> RangeSearch(
      const base::OpContext& ctx, const RangeQuery& query) const override;
  absl::StatusOr<std::unique_ptr<VectorIterator>> Iterate(
      const IterateQuery& query) const override;
  absl::StatusOr<std::vector<IndexFile>> Save() const override;

 private:
  // How one filter is searched, the same for all queries of a request.
  struct Plan {
    std::size_t passing = 0;
    std::size_t list_size = 0;
    std::size_t beam_width = 1;
    // Nodes that a scan of the codes reads; 0 = walk.
    std::size_t scanned = 0;
  };

  DiskAnnIndex(IndexFileReader file, const DiskFile& disk);

  Plan MakePlan(std::size_t list_size, std::size_t beam_width,
                types::BitsetView excluded) const;
  // The nearest of one query that is already bound, at least min(k, passing).
  absl::StatusOr<std::vector<Neighbor>> SearchOne(
      const base::OpContext& ctx, const float* query, std::size_t k,
      const Plan& plan, types::BitsetView excluded) const;

  const IndexFileReader file_;
  const DiskCodes codes_;
  const DiskNodes nodes_;
  const std::vector<std::uint32_t> node_rows_;
  const std::vector<std::uint32_t> next_equal_;
  const DiskGraph graph_;
  const std::size_t degree_;
  mutable ScratchPool<DiskScratch> scratch_;
  mutable std::atomic<std::uint64_t> reads_{0};
};

}  // namespace elanus::index

// The IVF family: rows lie in lists around centroids, and a search looks into
// the lists whose centroids are nearest. The members differ in how a list
// holds its rows (list_codec.h): IVF_FLAT and, for bits, BIN_IVF_FLAT as they
// are, the others as short codes that are compared many at a time; the best of
// them may then be ranked again by finer values.
//
// SCANN knows its own recall (effort_curve.h) and searches as far as a recall
// asked for needs.
//
// Under a filter more lists are looked into, so that it costs no recall; when
// fewer rows pass than an unfiltered search looks at, all of them are.
//
// Threads:   as VectorIndex.
// Ownership: holds the bytes of its one file.
// Source:    J. Sivic and A. Zisserman, "Video Google", ICCV 2003;
//            H. Jegou et al., "Product quantization for nearest neighbor
//            search", IEEE TPAMI 33(1), 2011.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "index/vector/index_file.h"
#include "index/vector/ivf/centroids.h"
#include "index/vector/ivf/codecs.h"
#include "index/vector/ivf/effort_curve.h"
#include "index/vector/ivf/ivf_file.h"
#include "index/vector/ivf/list_walk.h"
#include "index/vector/ivf/lists.h"
#include "index/vector/ivf/query_row.h"
#include "index/vector/registry.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

class IvfIndex final : public VectorIndex {
 public:
  static absl::StatusOr<std::unique_ptr<IvfIndex>> Build(
      const base::OpContext& ctx, const IndexSpec& spec,
      const VectorDataset& dataset, const BuildOptions& options);
  static absl::StatusOr<std::unique_ptr<IvfIndex>> Open(IndexFileReader file);

  IndexType type() const override { return file_.info().type; }
  types::MetricType metric() const override { return file_.info().metric; }
  std::size_t dim() const override { return file_.info().dim; }
  std::size_t size() const override { return lists_.rows(); }
  std::size_t memory_bytes() const override {
    return file_.bytes().size() + centroids_->memory_bytes() +
           codecs_.memory_bytes();
  }

  // SCANN: what a search for this recall of ten hits costs (search_cost.h);
  // infinity where the index cannot find so much, or does not know.
  double SearchCost(double recall) const;

  absl::Status Search(const base::OpContext& ctx, const SearchQuery& query,
                      const SearchOutput& out) const override;
  absl::StatusOr<std::vector<Neighbor>> RangeSearch(
      const base::OpContext& ctx, const RangeQuery& query) const override;
  absl::StatusOr<std::unique_ptr<VectorIterator>> Iterate(
      const IterateQuery& query) const override;
  absl::StatusOr<std::vector<IndexFile>> Save() const override;

 private:
  friend class IvfIterator;
  friend class EffortMeter;

  // How much of the index a search looks at.
  struct Plan {
    std::size_t probes = 0;  // lists
    std::size_t wanted = 0;  // hits: k or all rows that pass
    std::size_t kept = 0;    // candidates of the scan
  };

  IvfIndex(IndexFileReader file, Lists lists,
           std::unique_ptr<Centroids> centroids, Codecs codecs,
           const IvfHeader& header, EffortCurve curve)
      : file_(std::move(file)),
        lists_(std::move(lists)),
        centroids_(std::move(centroids)),
        codecs_(std::move(codecs)),
        header_(header),
        curve_(std::move(curve)) {}

  double CostOf(const EffortPoint& effort) const;

  // What the rows are compared as.
  types::DataType rows_type() const {
    return type() == IndexType::kBinIvfFlat ? types::DataType::kBinaryVector
                                            : types::DataType::kFloatVector;
  }
  Plan MakePlan(const SearchParams& params, std::size_t k,
                types::BitsetView excluded) const;
  // Of `k` wanted rows where nothing is said about it.
  std::size_t UsuallyRankedAgain(std::size_t k) const;
  std::size_t ProbesOf(const SearchParams& params) const;
  // The walk has started. Leaves what it found in `hits`, nearest first.
  absl::Status SearchOne(const base::OpContext& ctx, QueryRow query,
                         const SearchParams& params, const Plan& plan,
                         ListWalk& walk, CandidatePool& pool,
                         std::vector<Neighbor>& hits) const;
  // The same of rows with codes.
  absl::Status ScanCodes(const base::OpContext& ctx, const Plan& plan,
                         FloatCodeScan& scan, ListWalk& walk,
                         std::vector<Neighbor>& hits) const;
  void RankAgain(RowQuery& query, std::span<const Neighbor> candidates,
                 std::size_t wanted, std::vector<Neighbor>& hits) const;
  // As it is answered: what codes say of a square may lie below 0.
  float Answered(float distance) const;
  // The finest there is, for what needs the true order.
  std::unique_ptr<ListQuery> BindFinest(QueryRow query,
                                        const SearchParams& params) const;

  const IndexFileReader file_;
  const Lists lists_;
  const std::unique_ptr<Centroids> centroids_;
  const Codecs codecs_;
  const IvfHeader header_;
  const EffortCurve curve_;  // SCANN only
};

}  // namespace elanus::index

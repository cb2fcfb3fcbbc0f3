// HNSW: a navigable small-world graph, on vectors (HNSW, HNSW_SQ) or on product
// codes (HNSW_PQ, HNSW_PRQ).
//
// A search picks its way by cost: the graph; under a filter the graph with
// filtered rows passed through; lists of rows around centroids; or, when few
// rows pass or the walk turns out to be hard, an exact scan of those that pass.
//
// Threads:   as VectorIndex.
// Ownership: holds the bytes of its one file.
#pragma once

#include <memory>
#include <vector>

#include "index/vector/hnsw/graph.h"
#include "index/vector/hnsw/graph_search.h"
#include "index/vector/hnsw/product_rows.h"
#include "index/vector/hnsw/recall_curve.h"
#include "index/vector/hnsw/scratch.h"
#include "index/vector/hnsw/sketch_sieve.h"
#include "index/vector/index_file.h"
#include "index/vector/registry.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

class HnswIndex final : public VectorIndex {
 public:
  static absl::StatusOr<std::unique_ptr<HnswIndex>> Build(
      const base::OpContext& ctx, const IndexSpec& spec,
      const VectorDataset& dataset, const BuildOptions& options);
  static absl::StatusOr<std::unique_ptr<HnswIndex>> Open(IndexFileReader file);

  IndexType type() const override { return file_.info().type; }
  types::MetricType metric() const override { return file_.info().metric; }
  std::size_t dim() const override { return graph_.dim; }
  std::size_t size() const override { return graph_.rows; }
  std::size_t memory_bytes() const override {
    return file_.bytes().size() + scratch_.max_bytes() + sieve_bytes() +
           (product_ == nullptr ? 0 : product_->memory_bytes()) +
           (lists_ == nullptr ? 0 : lists_->memory_bytes());
  }
  const HnswParams& params() const { return params_; }
  // What a search for this recall of ten hits costs (search_cost.h); 0 where
  // the index does not know.
  double SearchCost(double recall) const;

  absl::Status Search(const base::OpContext& ctx, const SearchQuery& query,
                      const SearchOutput& out) const override;
  absl::StatusOr<std::vector<Neighbor>> RangeSearch(
      const base::OpContext& ctx, const RangeQuery& query) const override;
  absl::StatusOr<std::unique_ptr<VectorIterator>> Iterate(
      const IterateQuery& query) const override;
  absl::StatusOr<std::vector<IndexFile>> Save() const override;

 private:
  // What rows have besides the graph; any may be null.
  struct RowTables {
    std::unique_ptr<ProductRows> product;
    std::unique_ptr<RowSketches> sketches;
    std::unique_ptr<RowLists> lists;
  };

  HnswIndex(IndexFileReader file, HnswGraph graph, HnswParams params,
            RecallCurve curve, RowTables tables);

  // Errors: kParameterInvalid.
  absl::StatusOr<Effort> ChooseEffort(const SearchParams& params,
                                      std::size_t k) const;

  // `refine_k`: at least so many times k are compared by finer values.
  GraphPlan MakePlan(std::size_t ef, std::size_t k, float refine_k,
                     types::BitsetView excluded) const;
  // Where there are lists.
  ListPlan PlanForLists(double recall, const GraphPlan& plan,
                        types::BitsetView excluded) const;
  // The nearest of one query that is already bound, at least min(k, passing)
  // of them.
  absl::StatusOr<std::vector<Neighbor>> SearchOne(
      const base::OpContext& ctx, std::span<const float> query,
      const GraphPlan& plan, types::BitsetView excluded) const;
  absl::Status Scan(const base::OpContext& ctx, std::span<const float> queries,
                    const SearchQuery& query, const GraphPlan& plan,
                    const SearchOutput& out) const;
  // Of the graph's rows, as the segment numbers them.
  std::vector<Neighbor> Numbered(std::vector<Neighbor> hits) const;
  // Hits of each query, which are bound: look(query, scratch, best).
  template <typename Look>
  absl::Status LookForEach(std::span<const float> queries,
                           const SearchQuery& query, const SearchOutput& out,
                           Look look) const;

  // What sieves leave in their scratch.
  std::size_t sieve_bytes() const {
    return sketches_ == nullptr
               ? 0
               : scratch_.max_kept() * SketchSieve::kRowBytes *
                     std::min(graph_.rows, SketchSieve::kMaxRows);
  }
  // The rows as they are stored, to be compared by graph_.stored_metric; of a
  // graph without product codes.
  VectorDataset dataset() const {
    return {.blocks = std::span(&block_, 1),
            .dim = graph_.dim,
            .numbers = graph_.order.numbers()};
  }

  IndexFileReader file_;
  const std::unique_ptr<ProductRows> product_;   // or null
  const std::unique_ptr<RowSketches> sketches_;  // or null
  const std::unique_ptr<RowLists> lists_;        // or null
  HnswGraph graph_;
  HnswParams params_;
  RecallCurve curve_;
  VectorBlock block_;
  mutable ScratchPool<WalkScratch> scratch_;
};

}  // namespace elanus::index

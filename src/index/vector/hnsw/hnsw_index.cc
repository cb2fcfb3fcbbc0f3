#include "index/vector/hnsw/hnsw_index.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "index/vector/brute_force.h"
#include "index/vector/held_out.h"
#include "index/vector/hnsw/build.h"
#include "index/vector/hnsw/exact_scan.h"
#include "index/vector/hnsw/layout.h"
#include "index/vector/hnsw/product_build.h"
#include "index/vector/hnsw/product_scan.h"
#include "index/vector/query_check.h"
#include "index/vector/search_cost.h"

namespace elanus::index {
namespace {

constexpr std::size_t kRangeEf = 512;

std::size_t Times(std::size_t k, float factor) {
  return static_cast<std::size_t>(
      std::ceil(static_cast<double>(k) * static_cast<double>(factor)));
}

}  // namespace

HnswIndex::HnswIndex(IndexFileReader file, HnswGraph graph, HnswParams params,
                     RecallCurve curve, RowTables tables)
    : file_(std::move(file)),
      product_(std::move(tables.product)),
      sketches_(std::move(tables.sketches)),
      lists_(std::move(tables.lists)),
      graph_(graph),
      params_(params),
      curve_(std::move(curve)),
      block_{.data = graph.vectors.data,
             .rows = graph.rows,
             .stride = graph.vectors.stride},
      scratch_(graph.rows) {
  graph_.product = product_.get();
  graph_.sketches = sketches_.get();
  graph_.lists = lists_.get();
}

absl::StatusOr<std::unique_ptr<HnswIndex>> HnswIndex::Build(
    const base::OpContext& ctx, const IndexSpec& spec,
    const VectorDataset& dataset, const BuildOptions& options) {
  ASSIGN_OR_RETURN(base::Buffer bytes,
                   HasProductRows(spec.type)
                       ? BuildHnswProduct(ctx, spec, dataset, options)
                       : BuildHnsw(ctx, spec, dataset, options));
  ASSIGN_OR_RETURN(IndexFileReader file,
                   IndexFileReader::Open({"hnsw", std::move(bytes)}, false));
  return Open(std::move(file));
}

absl::StatusOr<std::unique_ptr<HnswIndex>> HnswIndex::Open(
    IndexFileReader file) {
  ASSIGN_OR_RETURN(HnswGraph graph, GraphIn(file));
  ASSIGN_OR_RETURN(const HnswParams params, ParamsIn(file));
  ASSIGN_OR_RETURN(RecallCurve curve, RecallCurveIn(file));
  RowTables tables;
  if (HasProductRows(file.info().type)) {
    ASSIGN_OR_RETURN(tables.product, ProductRows::Open(file));
  }
  ASSIGN_OR_RETURN(tables.sketches, RowSketches::Open(file));
  graph.sketches = tables.sketches.get();
  ASSIGN_OR_RETURN(tables.lists, RowLists::Open(file, graph));
  return std::unique_ptr<HnswIndex>(new HnswIndex(
      std::move(file), graph, params, std::move(curve), std::move(tables)));
}

double HnswIndex::SearchCost(double recall) const {
  if (curve_.empty()) return 0;
  return GraphSearchCost(curve_.EfFor(recall), graph_.m, graph_.dim);
}

GraphPlan HnswIndex::MakePlan(std::size_t ef, std::size_t k, float refine_k,
                              types::BitsetView excluded) const {
  const std::size_t rows = graph_.rows;
  GraphPlan plan =
      PlanSearch(graph_, ef, k, rows - std::min(rows, excluded.Count()));
  plan.rank.exact = std::max(plan.rank.exact, Times(k, refine_k));
  return plan;
}

absl::StatusOr<std::vector<Neighbor>> HnswIndex::SearchOne(
    const base::OpContext& ctx, std::span<const float> query,
    const GraphPlan& plan, types::BitsetView excluded) const {
  std::vector<Neighbor> hits;
  std::unique_ptr<WalkScratch> scratch = scratch_.Take();
  ASSIGN_OR_RETURN(
      const bool is_enough,
      WalkForHits(ctx, graph_, query.data(), plan, excluded, *scratch, hits));
  scratch_.Give(std::move(scratch));
  if (is_enough) return Numbered(std::move(hits));
  const std::size_t wanted = std::min(plan.k, plan.passing);
  std::vector<float> distances(wanted);
  std::vector<std::uint32_t> rows(wanted);
  RETURN_IF_ERROR(Scan(ctx, query, {.nq = 1, .k = wanted, .excluded = excluded},
                       plan, {.distances = distances, .rows = rows}));
  hits.clear();
  for (std::size_t i = 0; i < wanted; ++i) {
    hits.push_back({distances[i], rows[i]});
  }
  return hits;
}

std::vector<Neighbor> HnswIndex::Numbered(std::vector<Neighbor> hits) const {
  for (Neighbor& hit : hits) hit.row = graph_.order.NumberOf(hit.row);
  return hits;
}

template <typename Look>
absl::Status HnswIndex::LookForEach(std::span<const float> queries,
                                    const SearchQuery& query,
                                    const SearchOutput& out, Look look) const {
  std::unique_ptr<WalkScratch> scratch = scratch_.Take();
  for (std::size_t q = 0; q < query.nq; ++q) {
    TopK best(query.k, query.LimitOf(q));
    RETURN_IF_ERROR(look(queries.data() + q * dim(), *scratch, best));
    PutHits(Numbered(best.TakeSorted()), q, query.k, out);
  }
  scratch_.Give(std::move(scratch));
  return absl::OkStatus();
}

absl::Status HnswIndex::Scan(const base::OpContext& ctx,
                             std::span<const float> queries,
                             const SearchQuery& query, const GraphPlan& plan,
                             const SearchOutput& out) const {
  const SearchQuery bound = {.queries = queries,
                             .nq = query.nq,
                             .k = query.k,
                             .excluded = query.excluded,
                             .limits = query.limits};
  if (product_ != nullptr) return ProductSearch(ctx, *product_, bound, out);
  if (graph_.code_errors != nullptr) {
    const PassingRows rows = {.excluded = query.excluded,
                              .count = plan.passing,
                              .by_codes_alone = plan.rank.k == RankPlan::kAll};
    return LookForEach(queries, query, out,
                       [&](const float* one, WalkScratch& scratch, TopK& best) {
                         return ExactScan(ctx, graph_, one, rows, scratch,
                                          best);
                       });
  }
  return BruteForceSearch(ctx, dataset(), graph_.stored_metric, bound, out);
}

absl::StatusOr<Effort> HnswIndex::ChooseEffort(const SearchParams& params,
                                               std::size_t k) const {
  if (params.ef != 0 && params.ef < k) {
    return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                              "ef({}) should be larger than k({})", params.ef,
                              k);
  }
  return curve_.EffortFor(params, k);
}

ListPlan HnswIndex::PlanForLists(double recall, const GraphPlan& plan,
                                 types::BitsetView excluded) const {
  if (lists_ == nullptr || recall == 0) return {};
  // They ask of every row whether it passes, or of none.
  const bool all_pass = plan.passing == graph_.rows;
  if (!all_pass && excluded.size() < graph_.rows) return {};
  return PlanLists(graph_,
                   {.recall = recall, .k = plan.k, .passing = plan.passing});
}

absl::Status HnswIndex::Search(const base::OpContext& ctx,
                               const SearchQuery& query,
                               const SearchOutput& out) const {
  RETURN_IF_ERROR(CheckSearch(query, out, dim()));
  ASSIGN_OR_RETURN(Effort effort, ChooseEffort(query.params, query.k));
  if (product_ != nullptr && product_->has_finer()) {
    // What is to be ranked again has to be found.
    effort.ef = std::max(effort.ef, Times(query.k, query.params.refine_k));
  }
  std::vector<float> storage;
  const auto bound =
      BindQueries(metric(), query.queries.floats(), dim(), storage);
  GraphPlan plan = MakePlan(std::min(effort.ef, graph_.rows), query.k,
                            query.params.refine_k, query.excluded);
  plan.lists = PlanForLists(effort.recall, plan, query.excluded);
  switch (WayOf(graph_, plan)) {
    case SearchWay::kScan:
      return Scan(ctx, bound, query, plan, out);
    case SearchWay::kLists:
      return LookForEach(
          bound, query, out,
          [&](const float* one, WalkScratch& scratch, TopK& best) {
            return ListScan(ctx, graph_, one, plan.lists,
                            plan.passing == graph_.rows ? types::BitsetView()
                                                        : query.excluded,
                            scratch, best);
          });
    case SearchWay::kWalk:
      break;
  }
  for (std::size_t q = 0; q < query.nq; ++q) {
    RETURN_IF_ERROR(ctx.Check());
    plan.rank.limit = query.LimitOf(q);
    ASSIGN_OR_RETURN(
        const std::vector<Neighbor> hits,
        SearchOne(ctx, bound.subspan(q * dim(), dim()), plan, query.excluded));
    PutHits(hits, q, query.k, out);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Neighbor>> HnswIndex::RangeSearch(
    const base::OpContext& ctx, const RangeQuery& query) const {
  RETURN_IF_ERROR(CheckDimension(query.query, dim()));
  std::vector<float> storage;
  const auto bound =
      BindQueries(metric(), query.query.floats(), dim(), storage);
  // Widen until the farthest row found lies outside the range.
  std::size_t ef = query.params.ef == 0 ? kRangeEf : query.params.ef;
  for (;; ef *= 4) {
    const std::size_t wanted = std::min(ef, graph_.rows);
    GraphPlan plan = MakePlan(wanted, wanted, /*refine_k=*/1, query.excluded);
    // A range ends anywhere: no hit may be missing among those before it.
    plan.rank = {};
    if (product_ == nullptr) {
      plan.scan_cost = PlainScanCost(graph_, plan.passing);
    }
    if (WayOf(graph_, plan) == SearchWay::kScan) {
      RangeQuery exact = query;
      exact.query = bound;
      if (product_ != nullptr) return ProductRangeSearch(ctx, *product_, exact);
      return BruteForceRangeSearch(ctx, dataset(), graph_.stored_metric, exact);
    }
    ASSIGN_OR_RETURN(const std::vector<Neighbor> hits,
                     SearchOne(ctx, bound, plan, query.excluded));
    const bool is_all = hits.size() >= plan.passing || hits.empty();
    if (auto inside = TakeRange(hits, is_all, query)) return *std::move(inside);
  }
}

absl::StatusOr<std::unique_ptr<VectorIterator>> HnswIndex::Iterate(
    const IterateQuery& query) const {
  RETURN_IF_ERROR(CheckDimension(query.query, dim()));
  std::vector<float> storage;
  IterateQuery bound = query;
  bound.query = BindQueries(metric(), query.query.floats(), dim(), storage);
  if (product_ != nullptr) return ProductIterate(*product_, bound);
  return BruteForceIterate(dataset(), graph_.stored_metric, bound);
}

absl::StatusOr<std::vector<IndexFile>> HnswIndex::Save() const {
  return std::vector<IndexFile>{{"hnsw", file_.bytes()}};
}

}  // namespace elanus::index

#include "index/vector/hnsw/hnsw_index.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "index/vector/brute_force.h"
#include "index/vector/held_out.h"
#include "index/vector/hnsw/build.h"
#include "index/vector/hnsw/layout.h"
#include "index/vector/hnsw/product_build.h"
#include "index/vector/hnsw/product_scan.h"
#include "index/vector/hnsw/walk.h"
#include "index/vector/query_check.h"
#include "index/vector/search_cost.h"

namespace elanus::index {
namespace {

// Where a search says neither ef nor recall.
constexpr double kDefaultRecall = 0.95;
// The same for an index that does not know its recall: it is very small, or
// its file is old.
constexpr std::size_t kUnmeasuredEf = 64;
constexpr std::size_t kRangeEf = 512;

// The costs below are in distances computed during a walk: scattered reads,
// each with a share of the walk's book-keeping.

// One distance of a scan: rows are read in order and prefetched.
constexpr double kScanCost = 0.42;
// What a walk under a filter costs more: two heaps, tests of bits, and the
// distances of rows that do not pass (through) or ever more links to look at,
// the fewer pass (jumps). Measured.
constexpr double kThroughCost = 1.3;
constexpr double kTwoHopsCost = 2.0;
constexpr double kTwoHopsCostPerShare = 0.2;
// From this share of passing rows on, filtered rows are walked through: their
// distances cost less than jumping over them.
constexpr double kThroughShare = 0.8;
// Of the neighbours' neighbours so many must pass on the average, or a walk
// that jumps falls apart.
constexpr double kMinPassingInTwoHops = 8.0;

std::size_t Times(std::size_t k, float factor) {
  return static_cast<std::size_t>(
      std::ceil(static_cast<double>(k) * static_cast<double>(factor)));
}

}  // namespace

HnswIndex::HnswIndex(IndexFileReader file, HnswGraph graph, HnswParams params,
                     RecallCurve curve, std::unique_ptr<ProductRows> product)
    : file_(std::move(file)),
      product_(std::move(product)),
      graph_(graph),
      params_(params),
      curve_(std::move(curve)),
      block_{.data = graph.vectors.data,
             .rows = graph.rows,
             .stride = graph.vectors.stride},
      scratch_(graph.rows) {
  graph_.product = product_.get();
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
  ASSIGN_OR_RETURN(const HnswGraph graph, GraphIn(file));
  ASSIGN_OR_RETURN(const HnswParams params, ParamsIn(file));
  ASSIGN_OR_RETURN(RecallCurve curve, RecallCurveIn(file));
  std::unique_ptr<ProductRows> product;
  if (HasProductRows(file.info().type)) {
    ASSIGN_OR_RETURN(product, ProductRows::Open(file));
  }
  return std::unique_ptr<HnswIndex>(new HnswIndex(
      std::move(file), graph, params, std::move(curve), std::move(product)));
}

double HnswIndex::SearchCost(double recall) const {
  if (curve_.empty()) return 0;
  return GraphSearchCost(curve_.EfFor(recall), graph_.m, graph_.dim);
}

HnswIndex::Plan HnswIndex::MakePlan(std::size_t ef,
                                    types::BitsetView excluded) const {
  const std::size_t rows = graph_.rows;
  Plan plan{.passing = rows, .ef = ef};
  for (std::size_t i = 0; i < excluded.word_count(); ++i) {
    plan.passing -= std::min<std::size_t>(
        plan.passing,
        static_cast<std::size_t>(std::popcount(excluded.words()[i])));
  }
  const double share = static_cast<double>(plan.passing) /
                       static_cast<double>(std::max<std::size_t>(rows, 1));
  // A row has about 1.2 M links, of which half lead to rows already seen.
  const double degree = 1.2 * graph_.m;
  double walk_cost = static_cast<double>(ef) * degree * 0.5;
  if (plan.passing < rows) {
    const bool is_through = share >= kThroughShare;
    plan.way = is_through ? Way::kThrough : Way::kTwoHops;
    walk_cost *= is_through ? kThroughCost / share
                            : kTwoHopsCost + kTwoHopsCostPerShare / share;
  }
  const double scan_cost = static_cast<double>(plan.passing) * kScanCost;
  const bool falls_apart = plan.way == Way::kTwoHops &&
                           share * degree * degree < kMinPassingInTwoHops;
  if (scan_cost <= walk_cost || falls_apart) plan.way = Way::kScan;
  return plan;
}

absl::StatusOr<std::vector<Neighbor>> HnswIndex::Walk(
    const base::OpContext& ctx, const float* query, std::size_t exact,
    const Plan& plan, types::BitsetView excluded) const {
  std::unique_ptr<WalkScratch> scratch = scratch_.Take();
  std::vector<Neighbor> hits;
  if (plan.way == Way::kPlain) {
    RETURN_IF_ERROR(
        WalkPlain(ctx, graph_, query, plan.ef, exact, *scratch, hits));
  } else {
    const Probe probe = graph_.Bind(query, scratch->probe);
    const Neighbor start = Descend(graph_, probe, 0, *scratch);
    TopK best(plan.ef);
    const FilteredWalk walk = {
        .excluded = excluded,
        .two_hops = plan.way == Way::kTwoHops,
        // A walk as expensive as the scan has lost its way.
        .max_distances = plan.passing};
    ASSIGN_OR_RETURN(const bool done, FilteredSearch(ctx, graph_, probe, start,
                                                     walk, *scratch, best));
    if (done) hits = best.TakeSorted();
    RankExactly(graph_, query, exact, *scratch, hits);
  }
  scratch_.Give(std::move(scratch));
  return hits;
}

absl::StatusOr<std::vector<Neighbor>> HnswIndex::SearchOne(
    const base::OpContext& ctx, std::span<const float> query, std::size_t k,
    const Plan& plan, types::BitsetView excluded) const {
  const std::size_t wanted = std::min(k, plan.passing);
  if (plan.way != Way::kScan) {
    ASSIGN_OR_RETURN(
        std::vector<Neighbor> hits,
        Walk(ctx, query.data(),
             std::max(ExactCount(k), Times(k, plan.refine_k)), plan, excluded));
    // Fewer: the walk gave up, or rows cannot be reached (many duplicates).
    if (hits.size() >= wanted) return hits;
  }
  std::vector<float> distances(wanted);
  std::vector<std::uint32_t> rows(wanted);
  RETURN_IF_ERROR(Scan(ctx, query, {.nq = 1, .k = wanted, .excluded = excluded},
                       {.distances = distances, .rows = rows}));
  std::vector<Neighbor> hits;
  for (std::size_t i = 0; i < wanted; ++i) {
    hits.push_back({distances[i], rows[i]});
  }
  return hits;
}

absl::Status HnswIndex::Scan(const base::OpContext& ctx,
                             std::span<const float> queries,
                             const SearchQuery& query,
                             const SearchOutput& out) const {
  const SearchQuery bound = {.queries = queries,
                             .nq = query.nq,
                             .k = query.k,
                             .excluded = query.excluded};
  if (product_ != nullptr) return ProductSearch(ctx, *product_, bound, out);
  return BruteForceSearch(ctx, dataset(), graph_.stored_metric, bound, out);
}

absl::StatusOr<std::size_t> HnswIndex::ChooseEf(const SearchParams& params,
                                                std::size_t k) const {
  if (params.ef != 0) {
    if (params.ef >= k) return curve_.Widened(params.ef);
    return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                              "ef({}) should be larger than k({})", params.ef,
                              k);
  }
  if (curve_.empty()) return std::max(k, kUnmeasuredEf);
  const double recall =
      params.target_recall == 0 ? kDefaultRecall : params.target_recall;
  // The curve speaks of ten neighbours.
  return curve_.EfFor(recall) + k - std::min(k, kMeasuredNeighbours);
}

absl::Status HnswIndex::Search(const base::OpContext& ctx,
                               const SearchQuery& query,
                               const SearchOutput& out) const {
  RETURN_IF_ERROR(CheckSearch(query, out, dim()));
  ASSIGN_OR_RETURN(std::size_t ef, ChooseEf(query.params, query.k));
  if (product_ != nullptr && product_->has_finer()) {
    // What is to be ranked again has to be found.
    ef = std::max(ef, Times(query.k, query.params.refine_k));
  }
  std::vector<float> storage;
  const auto bound =
      BindQueries(metric(), query.queries.floats(), dim(), storage);
  Plan plan = MakePlan(std::min(ef, graph_.rows), query.excluded);
  plan.refine_k = query.params.refine_k;
  if (plan.way == Way::kScan) return Scan(ctx, bound, query, out);
  for (std::size_t q = 0; q < query.nq; ++q) {
    RETURN_IF_ERROR(ctx.Check());
    ASSIGN_OR_RETURN(const std::vector<Neighbor> hits,
                     SearchOne(ctx, bound.subspan(q * dim(), dim()), query.k,
                               plan, query.excluded));
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
    const Plan plan = MakePlan(std::min(ef, graph_.rows), query.excluded);
    if (plan.way == Way::kScan) {
      RangeQuery exact = query;
      exact.query = bound;
      if (product_ != nullptr) return ProductRangeSearch(ctx, *product_, exact);
      return BruteForceRangeSearch(ctx, dataset(), graph_.stored_metric, exact);
    }
    ASSIGN_OR_RETURN(const std::vector<Neighbor> hits,
                     SearchOne(ctx, bound, plan.ef, plan, query.excluded));
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

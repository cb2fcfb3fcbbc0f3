#include "index/vector/ivf/ivf_index.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "index/vector/ivf/bit_build.h"
#include "index/vector/ivf/build.h"
#include "index/vector/ivf/ivf_iterator.h"
#include "index/vector/query_check.h"
#include "index/vector/search_cost.h"
#include "index/vector/topk.h"

namespace elanus::index {
namespace {

constexpr std::size_t kDefaultProbes = 8;
// The context is looked at after so many rows.
constexpr std::size_t kRowsBetweenChecks = 8192;
// Queries that are compared with the centroids together.
constexpr std::size_t kTogether = 16;
// A search in a range ends when so many lists in a row had nothing within its
// outer bound.
constexpr std::size_t kEmptyLists = 2;
// Of quantised rows a few more than k are ranked again by finer values...
constexpr std::size_t kMinRankedAgain = 32;
// ...and so many more by the same values, where it is the query that is finer.
constexpr std::size_t kMoreRankedAgain = 8;
// Of a recall, which is a float in the file.
constexpr double kRounding = 1e-6;

}  // namespace

absl::StatusOr<std::unique_ptr<IvfIndex>> IvfIndex::Build(
    const base::OpContext& ctx, const IndexSpec& spec,
    const VectorDataset& dataset, const BuildOptions& options) {
  ASSIGN_OR_RETURN(base::Buffer bytes,
                   spec.type == IndexType::kBinIvfFlat
                       ? BuildBitIvf(ctx, spec, dataset, options)
                       : BuildIvf(ctx, spec, dataset, options));
  ASSIGN_OR_RETURN(IndexFileReader file,
                   IndexFileReader::Open({"ivf", std::move(bytes)}, false));
  return Open(std::move(file));
}

absl::StatusOr<std::unique_ptr<IvfIndex>> IvfIndex::Open(IndexFileReader file) {
  ASSIGN_OR_RETURN(const IvfHeader header, IvfHeaderIn(file));
  ASSIGN_OR_RETURN(Lists lists, ListsIn(file, header.lists));
  ASSIGN_OR_RETURN(std::unique_ptr<Centroids> centroids,
                   OpenCentroids(file, header.lists));
  ASSIGN_OR_RETURN(Codecs codecs, OpenCodecs(file, header, lists));
  EffortCurve curve;
  if (file.info().type == IndexType::kScann) {
    ASSIGN_OR_RETURN(curve, EffortCurveIn(file, header.lists));
  }
  return std::unique_ptr<IvfIndex>(
      new IvfIndex(std::move(file), std::move(lists), std::move(centroids),
                   std::move(codecs), header, std::move(curve)));
}

double IvfIndex::CostOf(const EffortPoint& effort) const {
  return ListSearchCost({.dim = dim(),
                         .lists = lists_.count(),
                         .parts = header_.m,
                         .probes = effort.nprobe,
                         .rows = effort.rows,
                         .reordered = effort.reorder_k});
}

double IvfIndex::SearchCost(double recall) const {
  if (curve_.empty()) return kNoDistance;
  const EffortPoint enough = curve_.For(recall);
  return enough.recall < recall - kRounding ? kNoDistance : CostOf(enough);
}

std::size_t IvfIndex::ProbesOf(const SearchParams& params) const {
  return std::min(params.nprobe == 0 ? kDefaultProbes : params.nprobe,
                  lists_.count());
}

std::size_t IvfIndex::UsuallyRankedAgain(std::size_t k) const {
  return codecs_.finer == nullptr ? k + kMoreRankedAgain
                                  : std::max(k, kMinRankedAgain);
}

IvfIndex::Plan IvfIndex::MakePlan(const SearchParams& params, std::size_t k,
                                  types::BitsetView excluded) const {
  const std::size_t rows = lists_.rows();
  const std::size_t passing =
      rows - std::min(rows, excluded.empty() ? 0 : excluded.Count());
  Plan plan{.probes = ProbesOf(params), .wanted = std::min(k, passing)};
  if (passing < rows) {
    const double share =
        static_cast<double>(std::max<std::size_t>(passing, 1)) /
        static_cast<double>(rows);
    const double probes = static_cast<double>(plan.probes);
    const double lists = static_cast<double>(lists_.count());
    // The k nearest that pass lie farther out, in more lists.
    plan.probes = share * lists <= probes
                      ? lists_.count()
                      : std::min(lists_.count(),
                                 static_cast<std::size_t>(
                                     std::ceil(probes / std::sqrt(share))));
  }
  plan.kept = plan.wanted;
  if (codecs_.ranks_again) {
    const std::size_t asked = static_cast<std::size_t>(
        std::ceil(static_cast<double>(k) * std::max(params.refine_k, 1.0F)));
    plan.kept = std::min(
        passing, std::max({plan.wanted, asked, params.reorder_k,
                           params.reorder_k == 0 && params.refine_k <= 1.0F
                               ? UsuallyRankedAgain(k)
                               : 0}));
  }
  return plan;
}

void IvfIndex::RankAgain(RowQuery& query, std::span<const Neighbor> candidates,
                         std::size_t wanted,
                         std::vector<Neighbor>& hits) const {
  std::vector<std::uint32_t> positions;
  positions.reserve(candidates.size());
  for (const Neighbor& candidate : candidates) {
    positions.push_back(candidate.row);
  }
  std::vector<float> distances(positions.size());
  query.DistancesOf(positions, distances.data());
  TopK best(wanted);
  for (std::size_t i = 0; i < positions.size(); ++i) {
    best.Offer({distances[i], lists_.ids[positions[i]]});
  }
  hits = best.TakeSorted();
}

absl::Status IvfIndex::ScanCodes(const base::OpContext& ctx, const Plan& plan,
                                 FloatCodeScan& scan, ListWalk& walk,
                                 std::vector<Neighbor>& hits) const {
  TopK best(plan.wanted);
  std::size_t rows_seen = 0;
  while (walk.steps() < plan.probes || !best.is_full()) {
    const std::optional<ListRef> list = walk.Next();
    if (!list.has_value()) break;
    scan.Scan(*list, best);
    rows_seen += list->rows;
    if (rows_seen < kRowsBetweenChecks) continue;
    rows_seen = 0;
    RETURN_IF_ERROR(ctx.Check());
  }
  hits = best.TakeSorted();
  return absl::OkStatus();
}

absl::Status IvfIndex::SearchOne(const base::OpContext& ctx, QueryRow query,
                                 const SearchParams& params, const Plan& plan,
                                 ListWalk& walk, CandidatePool& pool,
                                 std::vector<Neighbor>& hits) const {
  hits.clear();
  if (plan.wanted == 0) return absl::OkStatus();
  const std::unique_ptr<RowQuery> rows =
      codecs_.rows == nullptr ? nullptr : codecs_.rows->BindRows(query);
  if (codecs_.codes != nullptr && simd::CodeScan() != nullptr &&
      !walk.is_sparse()) {
    FloatCodeScan sieve(*codecs_.codes, lists_, query.floats, *rows,
                        walk.excluded());
    if (sieve.is_usable()) return ScanCodes(ctx, plan, sieve, walk, hits);
  }
  const std::unique_ptr<ListQuery> scan = codecs_.scan->Bind(query, params);
  // Few of many rows are compared by what they are ranked by at last.
  RowQuery* const single =
      codecs_.finer == nullptr || plan.probes == lists_.count() ? rows.get()
                                                                : nullptr;
  pool.Reset(plan.kept);
  std::size_t next_check = kRowsBetweenChecks;
  while (walk.steps() < plan.probes || pool.size() < plan.wanted) {
    const std::optional<ListRef> list = walk.Next();
    if (!list.has_value()) break;
    walk.Scan(*list, *scan, single, pool);
    if (walk.rows_seen() < next_check) continue;
    next_check = walk.rows_seen() + kRowsBetweenChecks;
    RETURN_IF_ERROR(ctx.Check());
  }
  if (codecs_.ranks_again) {
    RankAgain(*rows, pool.Take(), plan.wanted, hits);
    return absl::OkStatus();
  }
  for (const Neighbor& found : pool.Take()) {
    hits.push_back({Answered(found.distance), lists_.ids[found.row]});
  }
  std::sort(hits.begin(), hits.end());
  return absl::OkStatus();
}

absl::Status IvfIndex::Search(const base::OpContext& ctx,
                              const SearchQuery& query,
                              const SearchOutput& out) const {
  RETURN_IF_ERROR(CheckQueries(query.queries, rows_type(), dim(), query.nq));
  RETURN_IF_ERROR(CheckRoom(query, out));
  const BoundQueries bound(query.queries, metric(), dim());
  ASSIGN_OR_RETURN(const SearchParams params,
                   curve_.Resolve(query.params, query.k));
  const Plan plan = MakePlan(params, query.k, query.excluded);
  ListWalk walk(lists_, *centroids_, query.excluded);
  CandidatePool pool;
  std::vector<Neighbor> hits;
  const std::size_t width = centroids_->width();
  std::vector<float> scores(std::min(kTogether, query.nq) * width);
  for (std::size_t q = 0; q < query.nq; ++q) {
    RETURN_IF_ERROR(ctx.Check());
    const std::size_t place = q % kTogether;
    if (place == 0) {
      centroids_->Scores(bound.Row(q), std::min(kTogether, query.nq - q),
                         scores.data());
    }
    walk.Start(std::span(scores).subspan(place * width, width), plan.probes);
    RETURN_IF_ERROR(
        SearchOne(ctx, bound.Row(q), params, plan, walk, pool, hits));
    PutHits(hits, q, query.k, out);
  }
  return absl::OkStatus();
}

float IvfIndex::Answered(float distance) const {
  distance = Orderly(distance);
  return metric() == types::MetricType::kL2 ? std::max(distance, 0.0F)
                                            : distance;
}

std::unique_ptr<ListQuery> IvfIndex::BindFinest(
    QueryRow query, const SearchParams& params) const {
  return codecs_.finer == nullptr ? codecs_.scan->Bind(query, params)
                                  : codecs_.finer->Bind(query, params);
}

absl::StatusOr<std::vector<Neighbor>> IvfIndex::RangeSearch(
    const base::OpContext& ctx, const RangeQuery& query) const {
  RETURN_IF_ERROR(CheckQueries(query.query, rows_type(), dim(), 1));
  const BoundQueries bound(query.query, metric(), dim());
  const std::unique_ptr<ListQuery> rows =
      BindFinest(bound.Row(0), query.params);
  ASSIGN_OR_RETURN(const SearchParams params, curve_.Resolve(query.params, 1));
  const std::size_t probes = MakePlan(params, 1, query.excluded).probes;
  ListWalk walk(lists_, *centroids_, query.excluded);
  walk.Start(bound.Row(0), probes);
  TopK best(query.limit);
  std::size_t empty = 0;
  while (walk.steps() < probes || empty < kEmptyLists) {
    RETURN_IF_ERROR(ctx.Check());
    const std::optional<ListRef> list = walk.Next();
    if (!list.has_value()) break;
    // Rows nearer than the range, or out, are no sign of its end.
    const bool has_near = walk.Visit(
        *list, *rows, query.below, [&](float distance, std::uint32_t position) {
          distance = Answered(distance);
          if (query.Holds(distance)) {
            best.Offer({distance, lists_.ids[position]});
          }
        });
    empty = has_near ? 0 : empty + 1;
  }
  return best.TakeSorted();
}

absl::StatusOr<std::unique_ptr<VectorIterator>> IvfIndex::Iterate(
    const IterateQuery& query) const {
  RETURN_IF_ERROR(CheckQueries(query.query, rows_type(), dim(), 1));
  IterateQuery resolved = query;
  ASSIGN_OR_RETURN(resolved.params, curve_.Resolve(query.params, 1));
  return std::make_unique<IvfIterator>(*this, resolved);
}

absl::StatusOr<std::vector<IndexFile>> IvfIndex::Save() const {
  return std::vector<IndexFile>{{"ivf", file_.bytes()}};
}

}  // namespace elanus::index

#include "segment/interim_search.h"

#include <algorithm>
#include <utility>

#include "index/vector/brute_force.h"
#include "index/vector/metric_kernels.h"
#include "index/vector/query_check.h"
#include "segment/growing/growing_segment.h"
#include "segment/vector_blocks.h"

namespace elanus::segment {
namespace {

constexpr std::size_t kWordRows = InterimIndexes::kWordRows;
// Where no more than one row in so many passes, those alone are scanned.
constexpr std::size_t kScanShare = 8;

}  // namespace

absl::StatusOr<std::unique_ptr<InterimSearch>> InterimSearch::Prepare(
    const Segment& segment, const types::FieldSchema& field,
    types::MetricType metric, const PassedRows& passed, bool is_exact) {
  std::unique_ptr<InterimSearch> search;
  if (!segment.is_growing()) return search;
  Interim interim = static_cast<const GrowingSegment&>(segment).interims().Find(
      field.id, metric);
  search.reset(new InterimSearch());
  search->passing_ = passed.count;
  search->rows_ = passed.rows;
  search->dim_ = static_cast<std::size_t>(field.dim);
  search->metric_ = metric;
  search->is_exact_ = is_exact;
  search->Choose(std::move(interim));
  const bool is_scanned =
      search->in_graph_ == 0 && passed.count * kScanShare < passed.rows;
  if (search->covered_ == 0 || is_scanned) {
    search.reset();
    return search;
  }
  ASSIGN_OR_RETURN(search->rest_,
                   VectorBlocks(segment, field, search->covered_, passed.rows));
  return search;
}

void InterimSearch::Choose(Interim interim) {
  const auto up_to = [this](std::size_t rows) {
    return std::min(rows, rows_) / kWordRows * kWordRows;
  };
  if (interim.graph != nullptr && !is_exact_) {
    graph_ = std::move(interim.graph);
    snapshot_ = graph_->Snapshot();
    in_graph_ = up_to(snapshot_.rows);
  }
  covered_ = in_graph_;
  if (interim.lists == nullptr || interim.lists->begin() > in_graph_) return;
  const std::size_t end = up_to(interim.lists->end());
  if (end <= in_graph_) return;
  lists_ = std::move(interim.lists);
  covered_ = end;
}

// As if those that pass lay evenly.
std::size_t InterimSearch::PassingIn(std::size_t rows) const {
  return std::max<std::size_t>(1, passing_ * rows / rows_);
}

absl::Status InterimSearch::Run(const base::OpContext& ctx,
                                const index::SearchQuery& query,
                                const index::SearchOutput& out) const {
  RETURN_IF_ERROR(index::CheckSearch(query, out, dim_));
  std::vector<index::TopK> best(query.nq, index::TopK(query.k));
  RETURN_IF_ERROR(ScanRest(ctx, query, best));
  std::vector<float> storage;
  const auto bound =
      index::BindQueries(metric_, query.queries.floats(), dim_, storage);
  for (std::size_t q = 0; q < query.nq; ++q) {
    const float* const one = bound.data() + q * dim_;
    RETURN_IF_ERROR(SearchLists(ctx, query, one, best[q]));
    RETURN_IF_ERROR(SearchGraph(ctx, query, one, query.LimitOf(q), best[q]));
    index::PutHits(best[q].TakeSorted(), q, query.k, out);
  }
  return absl::OkStatus();
}

absl::Status InterimSearch::SearchGraph(const base::OpContext& ctx,
                                        const index::SearchQuery& query,
                                        const float* bound, float limit,
                                        index::TopK& best) const {
  if (in_graph_ == 0) return absl::OkStatus();
  const index::Effort effort = graph_->EffortFor(query.params, query.k);
  ASSIGN_OR_RETURN(const std::vector<index::Neighbor> hits,
                   graph_->Search(ctx, snapshot_, effort.ef,
                                  {.query = bound,
                                   .k = query.k,
                                   .end = in_graph_,
                                   .excluded = query.excluded,
                                   .limit = std::min(limit, best.bound())}));
  for (const index::Neighbor& hit : hits) best.Offer(hit);
  return absl::OkStatus();
}

absl::Status InterimSearch::SearchLists(const base::OpContext& ctx,
                                        const index::SearchQuery& query,
                                        const float* bound,
                                        index::TopK& best) const {
  if (lists_ == nullptr) return absl::OkStatus();
  return lists_->Search(ctx,
                        {.query = bound,
                         .k = query.k,
                         .begin = in_graph_,
                         .end = covered_,
                         .passing = PassingIn(covered_ - in_graph_),
                         .excluded = query.excluded},
                        is_exact_, best);
}

absl::Status InterimSearch::ScanRest(const base::OpContext& ctx,
                                     const index::SearchQuery& query,
                                     std::vector<index::TopK>& best) const {
  if (rest_.empty()) return absl::OkStatus();
  index::SearchQuery rest = query;
  // How many there are tells the lists whether they may stop.
  rest.limits = {};
  if (query.excluded.size() > covered_) {
    rest.excluded = {query.excluded.words() + covered_ / kWordRows,
                     query.excluded.size() - covered_};
  } else {
    rest.excluded = {};
  }
  std::vector<float> distances(query.nq * query.k);
  std::vector<std::uint32_t> rows(query.nq * query.k);
  RETURN_IF_ERROR(
      index::BruteForceSearch(ctx, {.blocks = rest_, .dim = dim_}, metric_,
                              rest, {.distances = distances, .rows = rows}));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] == index::kNoRow) continue;
    best[i / query.k].Offer(
        {distances[i], rows[i] + static_cast<std::uint32_t>(covered_)});
  }
  return absl::OkStatus();
}

}  // namespace elanus::segment

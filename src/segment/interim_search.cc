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

// The rows of a word of bits are not divided between index and scan.
constexpr std::size_t kWordRows = 64;
// Where no more than one row in so many passes, those alone are scanned.
constexpr std::size_t kScanShare = 8;

}  // namespace

absl::StatusOr<std::unique_ptr<InterimSearch>> InterimSearch::Prepare(
    const Segment& segment, const types::FieldSchema& field,
    types::MetricType metric, const PassedRows& passed, bool is_exact) {
  std::unique_ptr<InterimSearch> search;
  if (!segment.is_growing()) return search;
  auto index = static_cast<const GrowingSegment&>(segment).interims().Find(
      field.id, metric);
  if (index == nullptr || passed.count * kScanShare < passed.rows) {
    return search;
  }
  search.reset(new InterimSearch());
  search->covered_ =
      std::min(index->size(), passed.rows) / kWordRows * kWordRows;
  search->index_ = std::move(index);
  search->passing_ = passed.count;
  search->rows_ = passed.rows;
  search->dim_ = static_cast<std::size_t>(field.dim);
  search->is_exact_ = is_exact;
  ASSIGN_OR_RETURN(search->rest_,
                   VectorBlocks(segment, field, search->covered_, passed.rows));
  return search;
}

absl::Status InterimSearch::Run(const base::OpContext& ctx,
                                const index::SearchQuery& query,
                                const index::SearchOutput& out) const {
  RETURN_IF_ERROR(index::CheckSearch(query, out, dim_));
  std::vector<index::TopK> best(query.nq, index::TopK(query.k));
  RETURN_IF_ERROR(ScanRest(ctx, query, best));
  RETURN_IF_ERROR(SearchIndex(ctx, query, best));
  for (std::size_t q = 0; q < query.nq; ++q) {
    index::PutHits(best[q].TakeSorted(), q, query.k, out);
  }
  return absl::OkStatus();
}

absl::Status InterimSearch::SearchIndex(const base::OpContext& ctx,
                                        const index::SearchQuery& query,
                                        std::vector<index::TopK>& best) const {
  if (covered_ == 0) return absl::OkStatus();
  std::vector<float> storage;
  const auto bound = index::BindQueries(index_->metric(),
                                        query.queries.floats(), dim_, storage);
  // As if those that pass lay evenly.
  const std::size_t passing =
      std::max<std::size_t>(1, passing_ * covered_ / rows_);
  for (std::size_t q = 0; q < query.nq; ++q) {
    RETURN_IF_ERROR(index_->Search(ctx,
                                   {.query = bound.data() + q * dim_,
                                    .k = query.k,
                                    .rows = covered_,
                                    .passing = passing,
                                    .excluded = query.excluded,
                                    .is_exact = is_exact_},
                                   best[q]));
  }
  return absl::OkStatus();
}

absl::Status InterimSearch::ScanRest(const base::OpContext& ctx,
                                     const index::SearchQuery& query,
                                     std::vector<index::TopK>& best) const {
  if (rest_.empty()) return absl::OkStatus();
  index::SearchQuery rest = query;
  if (query.excluded.size() > covered_) {
    rest.excluded = {query.excluded.words() + covered_ / kWordRows,
                     query.excluded.size() - covered_};
  } else {
    rest.excluded = {};
  }
  std::vector<float> distances(query.nq * query.k);
  std::vector<std::uint32_t> rows(query.nq * query.k);
  RETURN_IF_ERROR(index::BruteForceSearch(
      ctx, {.blocks = rest_, .dim = dim_}, index_->metric(), rest,
      {.distances = distances, .rows = rows}));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] == index::kNoRow) continue;
    best[i / query.k].Offer(
        {distances[i], rows[i] + static_cast<std::uint32_t>(covered_)});
  }
  return absl::OkStatus();
}

}  // namespace elanus::segment

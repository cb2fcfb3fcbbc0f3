#include "segment/search.h"

#include <algorithm>

#include "index/vector/brute_force.h"
#include "index/vector/minhash/minhash_params.h"
#include "index/vector/query_check.h"
#include "segment/interim_search.h"
#include "segment/query.h"
#include "segment/vector_blocks.h"

namespace elanus::segment {
namespace {

absl::StatusOr<const types::FieldSchema*> VectorField(const SearchPlan& plan) {
  const types::FieldSchema* field = plan.schema->Find(plan.vector_field);
  if (field == nullptr) {
    return base::Error(base::ErrorCode::kFieldNotFound, "no vector field {}",
                       base::ToInt(plan.vector_field));
  }
  if (!types::IsVector(field->type)) {
    return base::InvalidInput(base::ErrorCode::kEngineUnsupported,
                              "field {}: search on {} is not supported",
                              field->name, types::NameOf(field->type));
  }
  RETURN_IF_ERROR(index::CheckQueries(plan.queries, field->type,
                                      static_cast<std::size_t>(field->dim),
                                      plan.nq));
  return field;
}

// One segment, one request: what passes, and where the vectors are.
class SegmentSearch {
 public:
  SegmentSearch(const base::OpContext& ctx, const SearchPlan& plan,
                PassedRows passed)
      : ctx_(ctx), plan_(plan), passed_(std::move(passed)) {}

  absl::Status Prepare(const Segment& segment,
                       const types::FieldSchema& field) {
    index_ = segment.vector_index(field.id);
    if (index_ != nullptr && index_->metric() != plan_.metric) {
      index_ = nullptr;
    }
    dim_ = static_cast<std::size_t>(field.dim);
    type_ = field.type;
    if (plan_.metric == types::MetricType::kMhJaccard) {
      // With an index or without one the same is asked for, and refused.
      ASSIGN_OR_RETURN(params_, index::ParseMinHashSearch(plan_.params));
      RETURN_IF_ERROR(
          index::CheckJaccard(params_, plan_.minhash.with_raw_data));
    }
    if (index_ == nullptr && !plan_.range.has_value()) {
      ASSIGN_OR_RETURN(interim_,
                       InterimSearch::Prepare(segment, field, plan_.metric,
                                              passed_, plan_.is_exact));
      if (interim_ != nullptr) {
        // What is said to an index of another kind says nothing to a graph.
        params_ = index::ParseSearchParams(index::IndexType::kHnsw,
                                           plan_.params, plan_.k)
                      .value_or(index::SearchParams());
        return absl::OkStatus();
      }
    }
    if (index_ == nullptr) {
      ASSIGN_OR_RETURN(blocks_, VectorBlocks(segment, field, passed_.rows));
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(
        params_,
        plan_.range.has_value()
            ? index::ParseRangeSearchParams(index_->type(), plan_.params)
            : index::ParseSearchParams(index_->type(), plan_.params, plan_.k));
    return absl::OkStatus();
  }

  absl::StatusOr<SegmentHits> Nearest() const {
    const std::size_t k = std::min(plan_.k, passed_.count);
    std::vector<float> distances(plan_.nq * k);
    std::vector<std::uint32_t> rows(plan_.nq * k);
    const index::SearchQuery query{.queries = plan_.queries,
                                   .nq = plan_.nq,
                                   .k = k,
                                   .params = params_,
                                   .excluded = passed_.excluded.view(),
                                   .limits = plan_.limits};
    const index::SearchOutput out{.distances = distances, .rows = rows};
    RETURN_IF_ERROR(Run(query, out));
    SegmentHits hits(plan_.nq);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i] == index::kNoRow) continue;
      hits[i / k].push_back({.distance = distances[i], .row = rows[i]});
    }
    return hits;
  }

  absl::StatusOr<SegmentHits> InRange() const {
    SegmentHits hits;
    for (std::size_t i = 0; i < plan_.nq; ++i) {
      const index::RangeQuery query{.query = plan_.queries.One(i, dim_),
                                    .below = plan_.range->below,
                                    .at_least = plan_.range->at_least,
                                    .limit = plan_.k,
                                    .params = params_,
                                    .excluded = passed_.excluded.view()};
      ASSIGN_OR_RETURN(std::vector<index::Neighbor> found,
                       index_ != nullptr
                           ? index_->RangeSearch(ctx_, query)
                           : index::BruteForceRangeSearch(ctx_, Dataset(),
                                                          plan_.metric, query));
      hits.push_back(std::move(found));
    }
    return hits;
  }

 private:
  absl::Status Run(const index::SearchQuery& query,
                   const index::SearchOutput& out) const {
    if (index_ != nullptr) return index_->Search(ctx_, query, out);
    if (interim_ != nullptr) return interim_->Run(ctx_, query, out);
    return index::BruteForceSearch(ctx_, Dataset(), plan_.metric, query, out);
  }

  index::VectorDataset Dataset() const {
    return {.blocks = blocks_,
            .dim = dim_,
            .type = type_,
            .signature = plan_.minhash.signature};
  }

  const base::OpContext& ctx_;
  const SearchPlan& plan_;
  const PassedRows passed_;
  std::shared_ptr<const index::VectorIndex> index_;
  index::SearchParams params_;
  std::unique_ptr<const InterimSearch> interim_;
  std::vector<index::VectorBlock> blocks_;
  std::size_t dim_ = 0;
  types::DataType type_ = types::DataType::kNone;
};

}  // namespace

absl::StatusOr<SegmentHits> Search(const base::OpContext& ctx,
                                   const Segment& segment,
                                   const SearchPlan& plan) {
  ASSIGN_OR_RETURN(const types::FieldSchema* field, VectorField(plan));
  ASSIGN_OR_RETURN(PassedRows passed, FilterRows(ctx, segment,
                                                 {.schema = plan.schema,
                                                  .filter = plan.filter,
                                                  .read_ts = plan.read_ts}));
  if (passed.count == 0 || plan.k == 0) return SegmentHits(plan.nq);
  SegmentSearch search(ctx, plan, std::move(passed));
  RETURN_IF_ERROR(search.Prepare(segment, *field));
  return plan.range.has_value() ? search.InRange() : search.Nearest();
}

}  // namespace elanus::segment

#include "segment/search.h"

#include <algorithm>

#include "index/vector/brute_force.h"
#include "segment/query.h"

namespace elanus::segment {
namespace {

// The vectors of the rows [0, rows), where they lie.
absl::StatusOr<std::vector<index::VectorBlock>> BlocksOf(
    const Segment& segment, const types::FieldSchema& field, std::size_t rows) {
  std::vector<index::VectorBlock> blocks;
  for (const ChunkRange& chunk : segment.Chunks(rows)) {
    ASSIGN_OR_RETURN(const types::ColumnView values,
                     segment.Column(field, chunk.index));
    blocks.push_back({.data = values.As<float>().data(), .rows = chunk.rows});
  }
  return blocks;
}

absl::StatusOr<const types::FieldSchema*> VectorField(const SearchPlan& plan) {
  const types::FieldSchema* field = plan.schema->Find(plan.vector_field);
  if (field == nullptr) {
    return base::Error(base::ErrorCode::kFieldNotFound, "no vector field {}",
                       base::ToInt(plan.vector_field));
  }
  if (field->type != types::DataType::kFloatVector) {
    return base::InvalidInput(base::ErrorCode::kEngineUnsupported,
                              "field {}: search on {} is not supported",
                              field->name, types::NameOf(field->type));
  }
  if (plan.queries.size() != plan.nq * static_cast<std::size_t>(field->dim)) {
    return base::InvalidInput(
        base::ErrorCode::kParameterInvalid,
        "field {}: {} queries have {} values, dimension is {}", field->name,
        plan.nq, plan.queries.size(), field->dim);
  }
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
    if (index_ == nullptr) {
      ASSIGN_OR_RETURN(blocks_, BlocksOf(segment, field, passed_.rows));
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
                                   .excluded = passed_.excluded.view()};
    const index::SearchOutput out{.distances = distances, .rows = rows};
    RETURN_IF_ERROR(index_ != nullptr
                        ? index_->Search(ctx_, query, out)
                        : index::BruteForceSearch(ctx_, Dataset(), plan_.metric,
                                                  query, out));
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
      const index::RangeQuery query{
          .query = plan_.queries.subspan(i * dim_, dim_),
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
  index::VectorDataset Dataset() const {
    return {.blocks = blocks_, .dim = dim_};
  }

  const base::OpContext& ctx_;
  const SearchPlan& plan_;
  const PassedRows passed_;
  std::shared_ptr<const index::VectorIndex> index_;
  index::SearchParams params_;
  std::vector<index::VectorBlock> blocks_;
  std::size_t dim_ = 0;
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

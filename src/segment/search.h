// Nearest rows of one segment. The filter is evaluated once for all queries,
// together with deletes and visibility; what passes decides how to search:
// nothing → empty; an index is given the bits and chooses between walking and
// scanning by how many pass; without an index the survivors are scanned, those
// of a growing segment with the help of its interim index.
//
//   ASSIGN_OR_RETURN(SegmentHits hits, Search(ctx, segment, {
//       .schema = schema, .filter = plan, .vector_field = field,
//       .metric = types::MetricType::kL2, .queries = queries, .nq = 2,
//       .k = 10, .read_ts = read_ts}));
//
// Threads:   pure; many threads may search one segment.
// Ownership: queries are borrowed during the call.
// Errors:    kParameterInvalid for queries or parameters that do not fit;
//            kCancelled, kDeadlineExceeded; DATA_LOSS; a read below the
//            segment's history is refused.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/hybrid_time.h"
#include "base/ids.h"
#include "base/op_context.h"
#include "base/status.h"
#include "expr/plan.h"
#include "index/vector/registry.h"
#include "index/vector/vector_index.h"
#include "segment/segment.h"
#include "types/metric.h"
#include "types/schema.h"

namespace elanus::segment {

// Milvus's radius and range_filter, as distances.
struct DistanceRange {
  float at_least = -std::numeric_limits<float>::infinity();
  float below = std::numeric_limits<float>::infinity();
};

struct SearchPlan {
  // Of the collection, at least as new as the filter.
  std::shared_ptr<const types::Schema> schema;
  std::shared_ptr<const expr::Plan> filter;  // null = all rows
  base::FieldId vector_field{0};
  types::MetricType metric = types::MetricType::kCosine;
  index::MinHashParams minhash;  // MHJACCARD: of the field's index
  index::Queries queries;        // nq
  std::size_t nq = 1;
  std::size_t k = 10;
  std::optional<DistanceRange> range;
  index::ParamMap params;  // the wire's; read per index type
  base::Timestamp read_ts;
  // Empty, or a distance for each query: hits that are farther need not be
  // found. A range is not cut by it.
  std::span<const float> limits;
  // Nothing may be missed where an index is not to blame: the interim index of
  // a growing segment is looked through to the end.
  bool is_exact = false;
};

// Per query, nearest first, at most k. Rows are offsets of the segment.
using SegmentHits = std::vector<std::vector<index::Neighbor>>;

absl::StatusOr<SegmentHits> Search(const base::OpContext& ctx,
                                   const Segment& segment,
                                   const SearchPlan& plan);

}  // namespace elanus::segment

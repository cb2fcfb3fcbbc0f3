// Nearest rows of a segment that has an interim index for most of its rows:
// the index for those, a scan of the rest, merged.
//
// Threads: pure.
// Errors:  as VectorIndex.
#pragma once

#include <memory>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/interim/interim_index.h"
#include "index/vector/vector_index.h"
#include "segment/query.h"
#include "segment/segment.h"
#include "types/metric.h"
#include "types/schema.h"

namespace elanus::segment {

class InterimSearch {
 public:
  // Null: there is none, or so few rows pass that a scan of those is quicker.
  static absl::StatusOr<std::unique_ptr<InterimSearch>> Prepare(
      const Segment& segment, const types::FieldSchema& field,
      types::MetricType metric, const PassedRows& passed, bool is_exact);

  absl::Status Run(const base::OpContext& ctx, const index::SearchQuery& query,
                   const index::SearchOutput& out) const;

 private:
  InterimSearch() = default;

  absl::Status SearchIndex(const base::OpContext& ctx,
                           const index::SearchQuery& query,
                           std::vector<index::TopK>& best) const;
  absl::Status ScanRest(const base::OpContext& ctx,
                        const index::SearchQuery& query,
                        std::vector<index::TopK>& best) const;

  std::shared_ptr<const index::InterimIndex> index_;
  std::size_t covered_ = 0;  // rows [0, covered_) are the index's
  std::size_t passing_ = 0;  // of all rows
  std::size_t rows_ = 0;
  std::size_t dim_ = 0;
  bool is_exact_ = false;
  std::vector<index::VectorBlock> rest_;
};

}  // namespace elanus::segment

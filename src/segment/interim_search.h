// Nearest rows of a growing segment that has interim indexes for most of its
// rows: the graph for those it has, the lists for those that wait, a scan of
// the rest, merged.
//
// Threads: pure.
// Errors:  as VectorIndex.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/topk.h"
#include "index/vector/vector_index.h"
#include "segment/growing/interim_indexes.h"
#include "segment/query.h"
#include "segment/segment.h"
#include "types/metric.h"
#include "types/schema.h"

namespace elanus::segment {

class InterimSearch {
 public:
  // Null: there are none, or only lists and so few rows pass that a scan of
  // those is quicker.
  static absl::StatusOr<std::unique_ptr<InterimSearch>> Prepare(
      const Segment& segment, const types::FieldSchema& field,
      types::MetricType metric, const PassedRows& passed, bool is_exact);

  absl::Status Run(const base::OpContext& ctx, const index::SearchQuery& query,
                   const index::SearchOutput& out) const;

 private:
  InterimSearch() = default;

  // Takes what reaches farthest of what is there.
  void Choose(Interim interim);
  std::size_t PassingIn(std::size_t rows) const;

  absl::Status SearchGraph(const base::OpContext& ctx,
                           const index::SearchQuery& query, const float* bound,
                           float limit, index::TopK& best) const;
  absl::Status SearchLists(const base::OpContext& ctx,
                           const index::SearchQuery& query, const float* bound,
                           index::TopK& best) const;
  absl::Status ScanRest(const base::OpContext& ctx,
                        const index::SearchQuery& query,
                        std::vector<index::TopK>& best) const;

  std::shared_ptr<const index::InterimGraph> graph_;
  index::HnswGraph snapshot_;  // of the graph
  std::shared_ptr<const index::InterimLists> lists_;
  // Rows [0, in_graph_) are the graph's, those below covered_ the lists'.
  std::size_t in_graph_ = 0;
  std::size_t covered_ = 0;
  std::size_t passing_ = 0;  // of all rows
  std::size_t rows_ = 0;
  std::size_t dim_ = 0;
  types::MetricType metric_ = types::MetricType::kL2;
  bool is_exact_ = false;
  std::vector<index::VectorBlock> rest_;
};

}  // namespace elanus::segment

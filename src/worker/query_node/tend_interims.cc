#include "worker/query_node/tend_interims.h"

#include <cstddef>
#include <memory>
#include <utility>

#include "base/log.h"
#include "segment/growing/growing_segment.h"

namespace elanus::worker {
namespace {

// `segment` must be growing.
segment::InterimIndexes& InterimsOf(const segment::Segment& segment) {
  return static_cast<const segment::GrowingSegment&>(segment).interims();
}

// One field of one segment.
struct Tended {
  std::shared_ptr<const segment::Segment> segment;
  types::FieldSchema field;
  types::MetricType metric;
  bool is_exact;
  std::size_t rows;  // that the search saw
};

// After a claim: a round, and others behind what else waits for the executor.
void SubmitRound(base::Executor& background, Tended tended) {
  background.Submit([&background, tended = std::move(tended)] {
    segment::InterimIndexes& interims = InterimsOf(*tended.segment);
    const absl::Status extended =
        interims.Extend(tended.field, tended.metric, tended.is_exact);
    base::LogIfError(extended,
                     "the rows are scanned until a later search asks again");
    if (extended.ok() && interims.Claim(tended.field, tended.metric,
                                        tended.is_exact, tended.rows)) {
      SubmitRound(background, tended);
    }
  });
}

}  // namespace

void TendInterims(base::Executor& background, const Segments& segments,
                  const segment::SearchPlan& plan) {
  const types::FieldSchema& field = *plan.schema->Find(plan.vector_field);
  for (const auto& segment : segments) {
    if (!segment->is_growing()) continue;
    const std::size_t rows = segment->rows();
    if (!InterimsOf(*segment).Claim(field, plan.metric, plan.is_exact, rows)) {
      continue;
    }
    SubmitRound(background, {.segment = segment,
                             .field = field,
                             .metric = plan.metric,
                             .is_exact = plan.is_exact,
                             .rows = rows});
  }
}

}  // namespace elanus::worker

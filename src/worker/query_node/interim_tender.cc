#include "worker/query_node/interim_tender.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "segment/growing/growing_segment.h"

namespace elanus::worker {
namespace {

// `segment` must be growing.
segment::InterimIndexes& InterimsOf(const segment::Segment& segment) {
  return static_cast<const segment::GrowingSegment&>(segment).interims();
}

}  // namespace

void InterimTender::Tend(const Segments& segments,
                         const segment::SearchPlan& plan) {
  // By a range all rows are compared.
  if (plan.range.has_value()) return;
  const types::FieldSchema& field = *plan.schema->Find(plan.vector_field);
  for (const auto& segment : segments) {
    if (!segment->is_growing()) continue;
    const std::size_t rows = segment->rows();
    if (!InterimsOf(*segment).Claim(field, plan.metric, plan.is_exact, rows)) {
      continue;
    }
    Add({.segment = segment,
         .field = field,
         .metric = plan.metric,
         .is_exact = plan.is_exact,
         .rows = rows});
  }
}

void InterimTender::Stop() {
  base::MutexLock lock(mutex_);
  is_stopped_ = true;
  waiting_.clear();
}

void InterimTender::Add(Tended tended) {
  {
    base::MutexLock lock(mutex_);
    if (is_stopped_) return;
    waiting_.push_back(std::move(tended));
    if (runners_ >= std::max<std::size_t>(1, background_.width() / 2)) return;
    ++runners_;
  }
  SubmitRound();
}

void InterimTender::SubmitRound() {
  background_.Submit([self = shared_from_this()] {
    self->RunRound();
    {
      base::MutexLock lock(self->mutex_);
      if (self->waiting_.empty()) {
        --self->runners_;
        return;
      }
    }
    // Behind what else waits for the executor by now.
    self->SubmitRound();
  });
}

void InterimTender::RunRound() {
  Tended next;
  {
    base::MutexLock lock(mutex_);
    if (waiting_.empty()) return;
    next = std::move(waiting_.front());
    waiting_.pop_front();
  }
  const auto segment = next.segment.lock();
  if (segment == nullptr) return;
  segment::InterimIndexes& interims = InterimsOf(*segment);
  const absl::Status extended =
      interims.Extend(next.field, next.metric, next.is_exact);
  base::LogIfError(extended,
                   "the rows are scanned until a later search asks again");
  if (!extended.ok() ||
      !interims.Claim(next.field, next.metric, next.is_exact, next.rows)) {
    return;
  }
  base::MutexLock lock(mutex_);
  if (!is_stopped_) waiting_.push_back(std::move(next));
}

}  // namespace elanus::worker

// Has the interim indexes of growing segments brought up to date in the
// background, as far as the search that asks for it could have used them; that
// search does without.
//
// A round is short, few of them are with the executor at a time, and segments
// take turns: what else waits for the executor, such as loads and deadlines,
// waits for a round or two, not for all. A segment that is not served any more
// gets none.
//
//   const auto tender = std::make_shared<InterimTender>(background);
//   tender->Tend(segments, plan);
//
// Threads:   any.
// Ownership: the executor outlives the tender; rounds that are queued keep it.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>

#include "base/executor.h"
#include "base/mutex.h"
#include "segment/search.h"
#include "worker/query_node/output.h"

namespace elanus::worker {

class InterimTender : public std::enable_shared_from_this<InterimTender> {
 public:
  explicit InterimTender(base::Executor& background)
      : background_(background) {}

  void Tend(const Segments& segments, const segment::SearchPlan& plan);
  // No round is begun any more.
  void Stop();

 private:
  // One field of one segment.
  struct Tended {
    std::weak_ptr<const segment::Segment> segment;
    types::FieldSchema field;
    types::MetricType metric = types::MetricType::kL2;
    bool is_exact = false;
    std::size_t rows = 0;  // that the search saw
  };

  void Add(Tended tended);
  void SubmitRound();
  void RunRound();

  base::Executor& background_;
  base::Mutex mutex_;
  bool is_stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::size_t runners_ ABSL_GUARDED_BY(mutex_) = 0;  // with the executor
  std::deque<Tended> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::worker

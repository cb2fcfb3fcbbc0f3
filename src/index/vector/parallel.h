// Lets the threads of an executor work along with the caller.
//
//   Turns turns(0, rows, 1024);
//   RETURN_IF_ERROR(WorkTogether(executor, 8, [&](std::size_t worker) {
//     while (const auto turn = turns.Next()) ... turn->begin ... turn->end ...;
//     return absl::OkStatus();
//   }));
//
// Threads:   `work` runs at the same time on up to `max_threads` threads, the
//            caller's among them. A helper that no thread was free for is left
//            out, so the caller never waits for a queue.
// Ownership: `work` is borrowed until the return.
// Errors:    one of those that `work` returned.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>

#include "base/executor.h"
#include "base/give_way.h"
#include "base/op_context.h"
#include "base/status.h"

namespace elanus::index {

absl::Status WorkTogether(
    base::Executor* executor, std::size_t max_threads,
    const std::function<absl::Status(std::size_t worker)>& work);

// Deals out the numbers from `begin` to `end`, `at_a_time` of them to whoever
// asks next, in rising order. Safe for all threads.
class Turns {
 public:
  struct Turn {
    std::size_t count() const { return end - begin; }

    std::size_t begin = 0;
    std::size_t end = 0;
  };

  Turns(std::size_t begin, std::size_t end, std::size_t at_a_time)
      : end_(end), at_a_time_(at_a_time), next_(begin) {}

  // Nothing = all are dealt out. Background work gives way here: not to be
  // called with a lock held.
  std::optional<Turn> Next() {
    base::GiveWay();
    const std::size_t begin = next_.fetch_add(at_a_time_);
    if (begin >= end_) return std::nullopt;
    return Turn{.begin = begin, .end = std::min(begin + at_a_time_, end_)};
  }

 private:
  const std::size_t end_;
  const std::size_t at_a_time_;
  std::atomic<std::size_t> next_;
};

// Calls visit(i) for each i < count on up to options.max_threads threads, and
// ends early if `ctx` does.
template <typename Visit>
absl::Status ForEachTogether(const base::OpContext& ctx, std::size_t count,
                             std::size_t at_a_time, base::Executor* executor,
                             std::size_t max_threads, Visit visit) {
  Turns turns(0, count, at_a_time);
  return WorkTogether(executor, max_threads, [&](std::size_t) -> absl::Status {
    while (const auto turn = turns.Next()) {
      RETURN_IF_ERROR(ctx.Check());
      for (std::size_t i = turn->begin; i < turn->end; ++i) visit(i);
    }
    return absl::OkStatus();
  });
}

}  // namespace elanus::index

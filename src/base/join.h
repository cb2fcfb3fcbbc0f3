// Waits for several asynchronous parts without a thread: `done` runs once, on
// the thread of the last part, with the first error that came.
//
//   auto join = Join::Make(shards.size(), std::move(done));
//   for (Shard& shard : shards) {
//     shard.Load([join](absl::Status status) { join->Finish(status); });
//   }
//
// Threads:   Finish from any thread.
// Ownership: the parts share the join.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "base/executor.h"
#include "base/mutex.h"
#include "base/status.h"

namespace elanus::base {

class Join {
 public:
  // With no parts `done` runs at once.
  static std::shared_ptr<Join> Make(std::size_t parts, Done done) {
    auto join = std::shared_ptr<Join>(new Join(parts, std::move(done)));
    if (parts == 0) join->done_(absl::OkStatus());
    return join;
  }

  // Once for each part.
  void Finish(const absl::Status& status) {
    absl::Status outcome;
    {
      MutexLock lock(mutex_);
      if (outcome_.ok()) outcome_ = status;
      if (--left_ > 0) return;
      outcome = outcome_;
    }
    done_(std::move(outcome));
  }

  // As a callback that is one part.
  static Done Part(std::shared_ptr<Join> join) {
    return
        [join = std::move(join)](absl::Status status) { join->Finish(status); };
  }

 private:
  Join(std::size_t parts, Done done) : left_(parts), done_(std::move(done)) {}

  Mutex mutex_;
  std::size_t left_ ABSL_GUARDED_BY(mutex_);
  absl::Status outcome_ ABSL_GUARDED_BY(mutex_);
  Done done_;  // called by the last part alone
};

}  // namespace elanus::base

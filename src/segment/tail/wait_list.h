// Requests that wait until a vchannel has been replayed up to a position. A
// request parks as an object here and holds no thread.
//
// Threads:   any.
// Ownership: timer and executor must outlive the list's last waiter; a parked
//            Done runs on the executor, never under a lock.
// Errors:    kCancelled, kDeadlineExceeded from the request's context, noticed
//            within kLookEvery; the status that Stop was given.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "base/executor.h"
#include "base/mutex.h"
#include "base/op_context.h"
#include "base/status.h"
#include "base/timer.h"
#include "storage/log_broker.h"

namespace elanus::segment {

class WaitList : public std::enable_shared_from_this<WaitList> {
 public:
  static constexpr std::chrono::milliseconds kLookEvery{20};

  WaitList(base::Timer& timer, base::Executor& executor,
           const storage::Position& applied)
      : timer_(timer), executor_(executor), applied_(applied) {}

  // Calls `done` at once, on the caller's thread, if applied() has reached
  // `position` or the list was stopped.
  void Wait(const base::OpContext& ctx, const storage::Position& position,
            base::Done done);
  // Never goes back.
  void Advance(const storage::Position& applied);
  // All waiters and all that come get `status`. The first call counts.
  void Stop(const absl::Status& status);

  storage::Position applied() const;
  absl::Status status() const;
  std::size_t waiting() const;

 private:
  struct Waiter {
    base::OpContext ctx;
    storage::Position position;
    base::Done done;
  };
  struct Outcome {
    base::Done done;
    absl::Status status;
  };

  void ArmLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Look();
  void Dispatch(std::vector<Outcome> outcomes);

  base::Timer& timer_;
  base::Executor& executor_;
  mutable base::Mutex mutex_;
  storage::Position applied_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::vector<Waiter> waiters_ ABSL_GUARDED_BY(mutex_);
  bool armed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace elanus::segment

// What travels with an operation: deadline, cancellation, request id.
//
// Loops that may take long call Check() every few hundred microseconds; a
// parked request is looked at by the timer.
//
// Threads:   Cancel and Check from any thread. Copies share the flag.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/status.h"

namespace elanus::base {

class OpContext {
 public:
  static constexpr std::int64_t kNoDeadline =
      std::numeric_limits<std::int64_t>::max();

  // No deadline, cannot be cancelled from outside.
  OpContext() : OpContext(SystemClock(), kNoDeadline, "") {}
  // deadline_ns: on `clock`'s monotonic scale. `clock` must outlive all copies.
  OpContext(const Clock& clock, std::int64_t deadline_ns,
            std::string request_id)
      : state_(std::make_shared<State>()) {
    state_->clock = &clock;
    state_->deadline_ns = deadline_ns;
    state_->request_id = std::move(request_id);
  }

  void Cancel() const {
    state_->cancelled.store(true, std::memory_order_relaxed);
  }

  bool is_cancelled() const {
    return state_->cancelled.load(std::memory_order_relaxed);
  }

  // OK, or why to stop: kCancelled, kDeadlineExceeded.
  absl::Status Check() const {
    if (is_cancelled()) {
      return Error(ErrorCode::kCancelled, "the caller cancelled the request");
    }
    if (state_->deadline_ns != kNoDeadline &&
        state_->clock->MonotonicNs() > state_->deadline_ns) {
      return Error(ErrorCode::kDeadlineExceeded,
                   "the request's deadline has passed");
    }
    return absl::OkStatus();
  }

  std::int64_t deadline_ns() const { return state_->deadline_ns; }

  // Time left, perhaps negative; kNoDeadline without a deadline.
  std::int64_t RemainingNs() const {
    if (state_->deadline_ns == kNoDeadline) return kNoDeadline;
    return state_->deadline_ns - state_->clock->MonotonicNs();
  }

  const std::string& request_id() const { return state_->request_id; }

 private:
  struct State {
    const Clock* clock = nullptr;
    std::int64_t deadline_ns = kNoDeadline;
    std::string request_id;
    std::atomic<bool> cancelled{false};
  };
  std::shared_ptr<State> state_;
};

}  // namespace elanus::base

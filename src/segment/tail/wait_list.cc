#include "segment/tail/wait_list.h"

#include <utility>

namespace elanus::segment {

void WaitList::Wait(const base::OpContext& ctx,
                    const storage::Position& position, base::Done done) {
  absl::Status status = ctx.Check();
  if (status.ok()) {
    base::MutexLock lock(mutex_);
    status = status_;
    if (status.ok() && applied_ < position) {
      waiters_.push_back(
          {.ctx = ctx, .position = position, .done = std::move(done)});
      ArmLocked();
      return;
    }
  }
  done(std::move(status));
}

void WaitList::Advance(const storage::Position& applied) {
  std::vector<Outcome> outcomes;
  {
    base::MutexLock lock(mutex_);
    if (applied <= applied_) return;
    applied_ = applied;
    std::erase_if(waiters_, [&](Waiter& waiter) {
      if (applied_ < waiter.position) return false;
      outcomes.push_back({.done = std::move(waiter.done), .status = {}});
      return true;
    });
  }
  Dispatch(std::move(outcomes));
}

void WaitList::Stop(const absl::Status& status) {
  std::vector<Outcome> outcomes;
  {
    base::MutexLock lock(mutex_);
    if (!status_.ok()) return;
    status_ = status;
    for (Waiter& waiter : waiters_) {
      outcomes.push_back({.done = std::move(waiter.done), .status = status});
    }
    waiters_.clear();
  }
  Dispatch(std::move(outcomes));
}

storage::Position WaitList::applied() const {
  base::MutexLock lock(mutex_);
  return applied_;
}

absl::Status WaitList::status() const {
  base::MutexLock lock(mutex_);
  return status_;
}

std::size_t WaitList::waiting() const {
  base::MutexLock lock(mutex_);
  return waiters_.size();
}

// Cancellation has no callback and a deadline's clock may be a hand-turned one:
// both are looked at from time to time, as long as anybody waits.
void WaitList::ArmLocked() {
  if (armed_ || waiters_.empty()) return;
  armed_ = true;
  timer_.After(kLookEvery, [weak = weak_from_this()] {
    if (const std::shared_ptr<WaitList> list = weak.lock()) list->Look();
  });
}

void WaitList::Look() {
  std::vector<Outcome> outcomes;
  {
    base::MutexLock lock(mutex_);
    std::erase_if(waiters_, [&](Waiter& waiter) {
      absl::Status status = waiter.ctx.Check();
      if (status.ok()) return false;
      outcomes.push_back(
          {.done = std::move(waiter.done), .status = std::move(status)});
      return true;
    });
    armed_ = false;
    ArmLocked();
  }
  Dispatch(std::move(outcomes));
}

void WaitList::Dispatch(std::vector<Outcome> outcomes) {
  for (Outcome& outcome : outcomes) {
    executor_.Submit([outcome = std::move(outcome)]() mutable {
      outcome.done(std::move(outcome.status));
    });
  }
}

}  // namespace elanus::segment

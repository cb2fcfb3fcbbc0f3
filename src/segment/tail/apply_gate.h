// One thing at a time on a vchannel: a record, or a task between two records.
// Nobody waits for a task: who finds the gate busy leaves the task to the one
// inside.
//
// Threads: Enter and Leave by the replay thread; Post from anywhere, also from
//          within.
#pragma once

#include <deque>

#include "absl/functional/any_invocable.h"
#include "base/executor.h"
#include "base/mutex.h"

namespace elanus::segment {

class ApplyGate {
 public:
  // Waits until nobody is inside.
  void Enter();
  // Runs what was posted meanwhile.
  void Leave();
  // Runs `task` at once on this thread, or, if somebody is inside, on theirs
  // when they leave.
  void Post(base::Task task);

 private:
  base::Mutex mutex_;
  base::CondVar free_;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<base::Task> tasks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::segment

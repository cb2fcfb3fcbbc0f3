// Runs tasks later: deadlines of parked requests, periodic work of the
// coordinators. One thread, which hands the tasks to an executor.
//
// Threads: any. A task that is due before Cancel returns may still run.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <thread>
#include <utility>

#include "base/executor.h"
#include "base/mutex.h"

namespace elanus::base {

class Timer {
 public:
  enum class Id : std::uint64_t {};

  virtual ~Timer() = default;
  virtual Id After(std::chrono::milliseconds delay, Task task) = 0;
  // True if the task will not run.
  virtual bool Cancel(Id id) = 0;
};

// By the machine's monotonic clock. `executor` must outlive the timer.
class ThreadTimer final : public Timer {
 public:
  explicit ThreadTimer(Executor& executor);
  ~ThreadTimer() override;  // Stop()

  Id After(std::chrono::milliseconds delay, Task task) override;
  bool Cancel(Id id) override;

  // Drops what is not due. Idempotent.
  void Stop();

 private:
  using Due = std::pair<std::chrono::steady_clock::time_point, Id>;
  void RunThread();

  Executor& executor_;
  Mutex mutex_;
  CondVar wake_;
  std::map<Due, Task> tasks_ ABSL_GUARDED_BY(mutex_);
  std::map<Id, Due> due_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace elanus::base

#include "segment/tail/apply_gate.h"

#include <utility>

namespace elanus::segment {

void ApplyGate::Enter() {
  base::MutexLock lock(mutex_);
  while (busy_) free_.Wait(mutex_);
  busy_ = true;
}

void ApplyGate::Leave() {
  while (true) {
    base::Task task;
    {
      base::MutexLock lock(mutex_);
      if (tasks_.empty()) {
        busy_ = false;
        free_.NotifyOne();
        return;
      }
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

void ApplyGate::Post(base::Task task) {
  {
    base::MutexLock lock(mutex_);
    tasks_.push_back(std::move(task));
    if (busy_) return;
    busy_ = true;
  }
  Leave();
}

}  // namespace elanus::segment

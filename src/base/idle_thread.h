// How a thread of service waits: when that takes long, it first gives back to
// the system what the allocator keeps for it. Memory that other threads freed
// would else stay with a thread that has nothing to do, for as long as it has.
//
//   IdleThread idle;
//   for (;;) {
//     {
//       MutexLock lock(mutex);
//       while (tasks.empty()) idle.Wait(wake, mutex);
//       ...
//     }
//     idle.Works();
//     task();
//   }
//
// Threads: an IdleThread belongs to one thread.
#pragma once

#include <chrono>

#include "base/mutex.h"

namespace elanus::base {

// So long nothing is given back: what comes soon would have to be got anew.
inline constexpr std::chrono::milliseconds kIdlePatience{2000};

// Gives back what the allocator keeps for the calling thread.
void GiveBackMemory();

class IdleThread {
 public:
  explicit IdleThread(std::chrono::milliseconds patience = kIdlePatience)
      : patience_(patience) {}

  // As CondVar::Wait. The mutex is not held while memory is given back.
  void Wait(CondVar& wake, Mutex& mutex) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // The wait is over.
  void Works() { is_rested_ = false; }

 private:
  const std::chrono::milliseconds patience_;
  bool is_rested_ = false;
};

}  // namespace elanus::base

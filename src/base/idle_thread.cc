#include "base/idle_thread.h"

#include <mimalloc.h>

// Absent where another allocator is linked, as in sanitizer builds and in most
// tests.
extern "C" void mi_collect(bool force) __attribute__((weak));
extern "C" long mi_option_get(mi_option_t option) __attribute__((weak));
extern "C" void mi_option_set(mi_option_t option, long value)
    __attribute__((weak));

namespace elanus::base {

void GiveBackMemory() {
  if (mi_collect == nullptr || mi_option_get == nullptr ||
      mi_option_set == nullptr) {
    return;
  }
  // The option is the process's: threads that become idle together would else
  // set it back under one another.
  static Mutex mutex;
  MutexLock lock(mutex);
  // Else what is collected is given back later, when this thread frees more.
  // Other threads that free something meanwhile just give it back sooner.
  const long delay_ms = mi_option_get(mi_option_decommit_delay);
  mi_option_set(mi_option_decommit_delay, 0);
  mi_collect(true);
  mi_option_set(mi_option_decommit_delay, delay_ms);
}

void IdleThread::Wait(CondVar& wake, Mutex& mutex) {
  if (is_rested_) return wake.Wait(mutex);
  using Clock = std::chrono::steady_clock;
  const Clock::time_point due = Clock::now() + patience_;
  wake.WaitFor(mutex, patience_);
  if (Clock::now() < due) return;
  mutex.Unlock();
  GiveBackMemory();
  is_rested_ = true;
  mutex.Lock();
}

}  // namespace elanus::base

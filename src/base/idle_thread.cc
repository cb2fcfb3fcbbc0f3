#include "base/idle_thread.h"

#include <mimalloc.h>

// Absent where another allocator is linked, as in sanitizer builds and in most
// tests.
extern "C" void mi_collect(bool force) __attribute__((weak));
extern "C" void mi_option_set(mi_option_t option, long value)
    __attribute__((weak));

namespace elanus::base {
namespace {

constexpr long kDecommitDelayMs = 25;  // mimalloc's own

}  // namespace

void GiveBackMemory() {
  if (mi_collect == nullptr || mi_option_set == nullptr) return;
  // Else what is collected is given back later, when this thread frees more.
  // Other threads that do so meanwhile just give back sooner.
  mi_option_set(mi_option_decommit_delay, 0);
  mi_collect(true);
  mi_option_set(mi_option_decommit_delay, kDecommitDelayMs);
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

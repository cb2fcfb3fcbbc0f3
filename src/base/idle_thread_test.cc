#include "base/idle_thread.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>
#include <mimalloc.h>

namespace {

std::atomic<int> collected{0};
std::atomic<long> delay{25};

}  // namespace

// In mimalloc's place.
extern "C" void mi_collect(bool force) {
  EXPECT_TRUE(force);
  EXPECT_EQ(delay.load(), 0);
  ++collected;
}
extern "C" long mi_option_get(mi_option_t option) {
  EXPECT_EQ(option, mi_option_decommit_delay);
  return delay;
}
extern "C" void mi_option_set(mi_option_t option, long value) {
  EXPECT_EQ(option, mi_option_decommit_delay);
  delay = value;
}

namespace elanus::base {
namespace {

TEST(IdleThreadTest, MemoryIsGivenBackOnceAfterEachLongWait) {
  Mutex mutex;
  CondVar wake;
  int tasks = 0;
  std::atomic<int> done{0};
  std::thread thread([&] {
    IdleThread idle(std::chrono::milliseconds(20));
    for (int i = 0; i < 3; ++i) {
      MutexLock lock(mutex);
      while (tasks == 0) idle.Wait(wake, mutex);
      idle.Works();
      --tasks;
      ++done;
    }
  });
  for (int i = 1; i <= 3; ++i) {
    while (collected.load() < i) std::this_thread::yield();
    // The second time it waits for the task alone.
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    EXPECT_EQ(collected.load(), i);
    MutexLock lock(mutex);
    ++tasks;
    wake.NotifyOne();
  }
  thread.join();
  EXPECT_EQ(done.load(), 3);
  EXPECT_EQ(delay.load(), 25);
}

}  // namespace
}  // namespace elanus::base

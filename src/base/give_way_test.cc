#include "base/give_way.h"

#include <time.h>

#include <cstdint>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/executor.h"

namespace elanus::base {
namespace {

// Of the processor that the calling thread has had.
std::int64_t WorkedNs() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

// Works for five milliseconds of the processor, reads coming in if there is
// traffic to note them in. Returns the rests.
int Work(ReadTraffic* reads) {
  int rests = 0;
  const std::int64_t end = WorkedNs() + 5'000'000;
  while (WorkedNs() < end) {
    if (reads != nullptr) reads->Note();
    if (GiveWay()) ++rests;
  }
  return rests;
}

// On a thread of its own, for what a thread is belongs to it.
int WorkOn(const ReadTraffic* gives_way_to, ReadTraffic* reads) {
  int rests = 0;
  std::thread thread([&] {
    const BackgroundThread background(gives_way_to);
    rests = Work(reads);
  });
  thread.join();
  return rests;
}

TEST(GiveWayTest, BackgroundWorkRestsAgainAndAgainWhileReadsComeIn) {
  ReadTraffic traffic;
  EXPECT_GE(WorkOn(&traffic, &traffic), 5);
}

TEST(GiveWayTest, BackgroundWorkDoesNotRestWhereThereWasNeverARead) {
  const ReadTraffic traffic;
  EXPECT_EQ(WorkOn(&traffic, nullptr), 0);
}

TEST(GiveWayTest, AnyOtherThreadWorksThrough) {
  ReadTraffic traffic;
  EXPECT_EQ(WorkOn(nullptr, &traffic), 0);
}

TEST(GiveWayTest, AThreadIsABackgroundThreadForAsLongAsItSays) {
  ReadTraffic traffic;
  int rests = 0;
  std::thread thread([&] {
    { const BackgroundThread background(&traffic); }
    rests = Work(&traffic);
  });
  thread.join();
  EXPECT_EQ(rests, 0);
}

TEST(GiveWayTest, APoolTellsItsThreads) {
  ReadTraffic traffic;
  std::optional<int> rests;
  ThreadPool pool({.name = "background", .gives_way_to = &traffic});
  pool.Submit([&] { rests = Work(&traffic); });
  pool.Stop();
  EXPECT_GE(rests.value_or(0), 5);
}

TEST(ReadTrafficTest, AReadIsRecentForAWhile) {
  ReadTraffic traffic;
  EXPECT_FALSE(traffic.IsRecent(SystemClock().MonotonicNs()));
  const std::int64_t before = SystemClock().MonotonicNs();
  traffic.Note();
  EXPECT_TRUE(traffic.IsRecent(before));
  EXPECT_FALSE(traffic.IsRecent(SystemClock().MonotonicNs() + 1'000'000'000));
}

}  // namespace
}  // namespace elanus::base

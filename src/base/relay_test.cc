#include "base/relay.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <latch>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace elanus::base {
namespace {

// A relay whose steps are numbered from 0; `step` does one.
class Steps {
 public:
  using Step = std::function<bool(int number, Relay::Turn& turn)>;

  explicit Steps(Step step)
      : relay_({.name = "test"},
               [this, step = std::move(step)](Relay::Turn& turn) {
                 // Not atomic: steps see each other.
                 return step(next_++, turn);
               }) {}

  void Join() { relay_.Join(); }

 private:
  int next_ = 0;
  Relay relay_;
};

void WaitForOther(const Relay::Turn& turn) {
  while (!turn.MayRun()) std::this_thread::yield();
}

TEST(RelayTest, ShortWorkRunsOnTheThreadOfItsStepWhichKeepsTheTurn) {
  constexpr int kSteps = 10'000;
  int worked = 0;
  Steps steps([&](int number, Relay::Turn& turn) {
    if (!turn.MayRun()) return true;
    const auto here = std::this_thread::get_id();
    const bool kept =
        turn.Run([&] { EXPECT_EQ(std::this_thread::get_id(), here); });
    // Its thread may have been made to pause.
    if (kept) ++worked;
    return number < kSteps;
  });
  steps.Join();
  EXPECT_GT(worked, 0);
}

TEST(RelayTest, StepsGoOnBesideWorkThatTakesLong) {
  std::latch over(1);
  std::atomic<bool> kept{true};
  std::thread::id worker;
  Steps steps([&](int number, Relay::Turn& turn) {
    if (number == 0) {
      WaitForOther(turn);
      worker = std::this_thread::get_id();
      kept = turn.Run([&] { over.wait(); });
      return true;
    }
    EXPECT_NE(std::this_thread::get_id(), worker);
    EXPECT_FALSE(turn.MayRun());  // nobody is left to take the turn
    if (number < 10) return true;
    over.count_down();
    return false;
  });
  steps.Join();
  EXPECT_FALSE(kept);
}

TEST(RelayTest, WhoLostTheTurnTakesItFromLongWorkOfTheOther) {
  constexpr int kTimes = 20;
  std::shared_ptr<std::latch> last;
  int works = 0;
  Steps steps([&](int, Relay::Turn& turn) {
    if (last != nullptr) last->count_down();
    if (works == kTimes) return false;
    WaitForOther(turn);
    const auto end = std::make_shared<std::latch>(1);
    last = end;
    ++works;
    // Ends when the other thread has begun with the next step.
    EXPECT_FALSE(turn.Run([&] { end->wait(); }));
    return true;
  });
  steps.Join();
  EXPECT_EQ(works, kTimes);
}

TEST(RelayTest, NeitherTwoStepsNorTwoTurnsAtATime) {
  const std::int64_t until = SystemClock().MonotonicNs() + 200'000'000;
  std::atomic<int> inside{0};
  int count = 0;
  Steps steps([&](int number, Relay::Turn& turn) {
    EXPECT_EQ(inside.fetch_add(1), 0);
    ++count;
    inside.fetch_sub(1);
    if (SystemClock().MonotonicNs() > until) return false;
    if (!turn.MayRun()) return true;
    // From nothing to a little more than the patience.
    const std::int64_t long_ns = (number % 32) * 50'000;
    const std::int64_t end = SystemClock().MonotonicNs() + long_ns;
    turn.Run([end] {
      while (SystemClock().MonotonicNs() < end) {
      }
    });
    return true;
  });
  steps.Join();
  EXPECT_GT(count, 0);
}

TEST(RelayTest, AnEndDuringLongWorkWaitsForTheWork) {
  std::latch ended(1);
  bool worked = false;
  Steps steps([&](int number, Relay::Turn& turn) {
    if (number > 0) {
      ended.count_down();
      return false;
    }
    WaitForOther(turn);
    turn.Run([&] {
      ended.wait();
      worked = true;
    });
    return true;
  });
  steps.Join();
  EXPECT_TRUE(worked);
}

}  // namespace
}  // namespace elanus::base

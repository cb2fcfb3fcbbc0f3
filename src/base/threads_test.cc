#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "base/executor.h"
#include "base/memory_budget.h"
#include "base/metrics.h"
#include "base/op_context.h"
#include "base/timer.h"

namespace elanus::base {
namespace {

using std::chrono::milliseconds;

TEST(ThreadPoolTest, StopRunsWhatWasQueuedAndDropsWhatComesLater) {
  std::atomic<int> ran = 0;
  ThreadPool pool({.name = "test", .threads = 3});
  for (int i = 0; i < 1000; ++i) pool.Submit([&ran] { ++ran; });
  pool.Stop();
  EXPECT_EQ(ran, 1000);
  auto held = std::make_shared<int>(0);
  pool.Submit([held, &ran] { ++ran; });
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(ran, 1000);
  pool.Stop();  // a second time does nothing
}

TEST(ThreadPoolTest, ATaskMaySubmitAnother) {
  std::latch done(1);
  ThreadPool pool({.name = "test", .threads = 1});
  pool.Submit([&] { pool.Submit([&done] { done.count_down(); }); });
  done.wait();
}

TEST(ThreadPoolTest, RunsAsManyTasksAtOnceAsItIsWide) {
  ThreadPool pool({.name = "test", .threads = 4});
  EXPECT_EQ(pool.width(), 4U);
  std::latch all_run(4);  // reached only if the four run together
  std::latch done(4);
  for (int i = 0; i < 4; ++i) {
    pool.Submit([&] {
      all_run.arrive_and_wait();
      done.count_down();
    });
  }
  done.wait();
}

TEST(ThreadTimerTest, RunsInTheOrderOfTheDelaysNotOfTheCalls) {
  InlineExecutor executor;
  std::latch has_begun(1);
  std::latch may_end(1);
  std::vector<int> order;  // only the timer's thread writes before the latch
  std::latch done(3);
  ThreadTimer timer(executor);
  timer.After(milliseconds(0), [&] {
    has_begun.count_down();
    may_end.wait();
  });
  has_begun.wait();
  const auto note = [&](int n) {
    return [&, n] {
      order.push_back(n);
      done.count_down();
    };
  };
  // All are due, and so far apart that it does not matter how long the calls
  // take.
  timer.After(std::chrono::hours(-1), note(3));
  timer.After(std::chrono::hours(-2), note(2));
  timer.After(std::chrono::hours(-3), note(1));
  may_end.count_down();
  done.wait();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(ThreadTimerTest, ACancelledTaskDoesNotRun) {
  InlineExecutor executor;
  ThreadTimer timer(executor);
  std::atomic<bool> ran = false;
  const Timer::Id id = timer.After(std::chrono::hours(1), [&] { ran = true; });
  EXPECT_TRUE(timer.Cancel(id));
  EXPECT_FALSE(timer.Cancel(id));
  timer.Stop();
  EXPECT_FALSE(ran);
}

TEST(ThreadTimerTest, StopDropsWhatIsNotDue) {
  InlineExecutor executor;
  auto held = std::make_shared<int>(0);
  {
    ThreadTimer timer(executor);
    timer.After(std::chrono::hours(1), [held] { ADD_FAILURE(); });
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(ThreadTimerTest, TakesAndCancelsFromManyThreads) {
  ThreadPool pool({.name = "test", .threads = 2});
  std::atomic<int> ran = 0;
  std::atomic<int> cancelled = 0;
  {
    ThreadTimer timer(pool);
    std::vector<std::thread> threads;
    std::latch due(1);
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 200; ++i) {
          const Timer::Id id = timer.After(milliseconds(i % 3), [&] { ++ran; });
          if (i % 2 == 0 && timer.Cancel(id)) ++cancelled;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    timer.After(milliseconds(50), [&due] { due.count_down(); });
    due.wait();
  }
  pool.Stop();
  EXPECT_EQ(ran + cancelled, 800);
}

class TurnedClock final : public Clock {
 public:
  std::int64_t WallMs() const override { return 0; }
  std::int64_t MonotonicNs() const override { return now_ns; }
  std::int64_t now_ns = 0;
};

TEST(OpContextTest, SaysWhyToStop) {
  TurnedClock clock;
  const OpContext context(clock, 100, "request-1");
  const OpContext copy = context;
  clock.now_ns = 100;
  EXPECT_TRUE(copy.Check().ok());
  clock.now_ns = 101;
  EXPECT_EQ(CodeOf(copy.Check()), ErrorCode::kDeadlineExceeded);
  context.Cancel();
  EXPECT_EQ(CodeOf(copy.Check()), ErrorCode::kCancelled);
  EXPECT_EQ(copy.request_id(), "request-1");
  EXPECT_TRUE(OpContext().Check().ok());
}

TEST(MemoryBudgetTest, RefusesWhatDoesNotFitAndNamesTheFigures) {
  MemoryBudget budget(100);
  auto held = budget.Reserve(60, "segment 7");
  ASSERT_TRUE(held.ok());
  const absl::Status refused = budget.Reserve(41, "segment 8").status();
  EXPECT_EQ(CodeOf(refused), ErrorCode::kMemoryLimitExceeded);
  EXPECT_TRUE(IsRetriable(refused));
  EXPECT_NE(MessageOf(refused).find("segment 8 needs 41 bytes, 60 of 100"),
            std::string_view::npos)
      << refused;
  EXPECT_EQ(budget.used(), 60);  // the refusal holds nothing
  EXPECT_TRUE(budget.Admit(40, "write").ok());
  EXPECT_FALSE(budget.Admit(41, "write").ok());
}

TEST(MemoryBudgetTest, AReservationGivesBackOnceHoweverItMoves) {
  MemoryBudget budget(100);
  {
    MemoryReservation a = budget.Charge(30);
    MemoryReservation b = budget.Charge(50);
    a = std::move(b);
    EXPECT_EQ(budget.used(), 50);
    MemoryReservation c = std::move(a);
    EXPECT_EQ(c.bytes(), 50);
    c.Release();
    c.Release();
    EXPECT_EQ(budget.used(), 0);
  }
  EXPECT_EQ(budget.used(), 0);
}

TEST(MemoryBudgetTest, ThreadsNeverHoldMoreThanTheLimit) {
  MemoryBudget budget(1000);
  std::atomic<std::int64_t> held = 0;
  std::atomic<bool> exceeded = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        auto reservation = budget.Reserve(300, "x");
        if (!reservation.ok()) continue;
        if (held.fetch_add(300) + 300 > 1000) exceeded = true;
        held.fetch_sub(300);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(exceeded);
  EXPECT_EQ(budget.used(), 0);
}

TEST(MetricsTest, RendersWhatWasCountedInTextForm) {
  Metrics metrics;
  metrics.AddCounter("rows_total", "Rows", {{"verb", "insert"}}).Add(3);
  metrics.AddCounter("rows_total", "Rows", {{"verb", "insert"}}).Add();
  metrics.AddGauge("ready", "Ready").Set(1);
  metrics.AddHistogram("wait", "Wait", {1, 2}).Observe(1.5);
  double asked = 7;
  metrics.AddGaugeCallback("asked", "Asked", [&asked] { return asked; });
  asked = 8;
  const std::string text = metrics.Render();
  for (const char* line :
       {"# TYPE rows_total counter", "rows_total{verb=\"insert\"} 4", "ready 1",
        "wait_bucket{le=\"1\"} 0", "wait_bucket{le=\"2\"} 1", "asked 8"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
}

}  // namespace
}  // namespace elanus::base

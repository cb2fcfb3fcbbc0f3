// What a test of a tail's listener needs: the tail of one shard, with nothing
// replayed yet, an empty object store, and a timer that the test lets run.
//
//   class ShardTest : public TailTest {
//     void SetUp() override {
//       ASSERT_NO_FATAL_FAILURE(TailTest::SetUp());
//       ... tail_ ... *store_ ...
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/memory_budget.h"
#include "base/timer.h"
#include "segment/rows_maker_test.h"
#include "segment/tail/vchannel_tail.h"
#include "testing/local_storage.h"

namespace elanus::worker {

// Everything is due when RunDue is called.
class HeldTimer final : public base::Timer {
 public:
  Id After(std::chrono::milliseconds, base::Task task) override {
    tasks.push_back(std::move(task));
    return Id{0};
  }
  bool Cancel(Id) override { return false; }
  void RunDue() {
    std::vector<base::Task> due;
    due.swap(tasks);
    for (base::Task& task : due) task();
  }

  std::vector<base::Task> tasks;
};

class TailTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto tail = segment::VchannelTail::Create(
        {.key = {.collection = base::CollectionId{7}, .shard = 0},
         .topic = "topic",
         .schema = segment::TestSchema()},
        {.budget = budget_,
         .clock = base::SystemClock(),
         .timer = timer_,
         .executor = executor_});
    ASSERT_TRUE(tail.ok()) << tail.status();
    tail_ = *std::move(tail);
  }

  testing::TempFolder folder_;
  base::MemoryBudget budget_{std::int64_t{1} << 40};
  base::InlineExecutor executor_;
  HeldTimer timer_;
  std::unique_ptr<storage::LocalObjectStore> store_ =
      testing::OpenObjects(folder_);
  std::shared_ptr<segment::VchannelTail> tail_;
};

}  // namespace elanus::worker

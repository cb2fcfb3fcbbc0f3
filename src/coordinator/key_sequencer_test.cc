#include "coordinator/key_sequencer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "coordinator/fakes_for_test.h"
#include "testing/held_executor.h"

namespace elanus::coordinator {
namespace {

using Turn = KeySequencer::Turn;

class KeySequencerTest : public ::testing::Test {
 protected:
  // Keeps its turn until `held` is cleared.
  void Hold(std::vector<std::string> keys, const std::string& name) {
    sequencer_->Run(std::move(keys), [this, name](Turn turn) {
      started_.push_back(name);
      held_[name] = std::move(turn);
    });
    executor_.RunAll();
  }
  void Release(const std::string& name) {
    held_.erase(name);
    executor_.RunAll();
  }

  testing::HeldExecutor executor_;
  std::shared_ptr<KeySequencer> sequencer_ =
      std::make_shared<KeySequencer>(executor_);
  std::map<std::string, Turn> held_;
  std::vector<std::string> started_;
};

TEST_F(KeySequencerTest, OperationsOnOneKeyRunInOrderOneAtATime) {
  Hold({"a"}, "1");
  Hold({"a"}, "2");
  Hold({"a"}, "3");
  EXPECT_EQ(started_, (std::vector<std::string>{"1"}));
  Release("1");
  EXPECT_EQ(started_, (std::vector<std::string>{"1", "2"}));
  Release("2");
  EXPECT_EQ(started_.back(), "3");
}

TEST_F(KeySequencerTest, OtherKeysDoNotWait) {
  Hold({"a"}, "1");
  Hold({"b"}, "2");
  EXPECT_EQ(started_.size(), 2U);
}

TEST_F(KeySequencerTest, AnOperationWaitsForAllOfItsKeys) {
  Hold({"a"}, "1");
  Hold({"b"}, "2");
  Hold({"a", "b"}, "both");
  Hold({"b"}, "behind");
  Release("1");
  EXPECT_EQ(started_.size(), 2U);
  Release("2");
  EXPECT_EQ(started_.back(), "both");
  Release("both");
  EXPECT_EQ(started_.back(), "behind");
}

TEST(KeySequencerThreadsTest, NoTwoOperationsEverShareAKey) {
  base::ThreadPool pool({.name = "ops", .threads = 4});
  auto sequencer = std::make_shared<KeySequencer>(pool);
  std::atomic<int> inside[4] = {};
  std::atomic<bool> clash{false};
  std::atomic<int> left{2000};
  std::mt19937 random(5);
  for (int i = 0; i < 2000; ++i) {
    const unsigned a = random() % 4;
    const unsigned b = random() % 4;
    std::vector<unsigned> mine = {a};
    if (b != a) mine.push_back(b);
    std::vector<std::string> keys;
    for (const unsigned key : mine) keys.push_back(std::to_string(key));
    sequencer->Run(keys, [&, mine](Turn) {
      for (const unsigned key : mine) {
        if (inside[key]++ != 0) clash = true;
      }
      for (const unsigned key : mine) --inside[key];
      --left;
    });
  }
  while (left > 0) std::this_thread::yield();
  pool.Stop();
  EXPECT_FALSE(clash);
}

}  // namespace
}  // namespace elanus::coordinator

#include "coordinator/data/flush_waits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "coordinator/fakes_for_test.h"
#include "testing/fake_clock.h"

namespace elanus::coordinator {
namespace {

class FlushWaitsTest : public ::testing::Test {
 protected:
  void Ask(std::int64_t collection, std::uint64_t time,
           const base::OpContext& ctx = {}) {
    waits_.Ask(ctx, {.collection = collection, .flush_ts = time},
               [this, collection](bool is_flushed) {
                 heard_ +=
                     std::to_string(collection) + (is_flushed ? "+" : "-");
               });
  }
  void Flush(std::int64_t collection, std::uint64_t time) {
    flushed_[collection] = time;
    waits_.Look(collection);
  }

  ManualTimer timer_;
  testing::FakeClock clock_;
  std::map<std::int64_t, std::uint64_t> flushed_;
  FlushWaits waits_{timer_, [this](const FlushWaits::Question& question) {
                      return flushed_[question.collection] >= question.flush_ts;
                    }};
  std::string heard_;
};

TEST_F(FlushWaitsTest, WhatIsFlushedIsAnsweredAtOnce) {
  Flush(7, 10);
  Ask(7, 10);
  EXPECT_EQ(heard_, "7+");
  EXPECT_EQ(timer_.waiting(), 0U);
}

TEST_F(FlushWaitsTest, TheAnswerComesWithTheFlushAndOnlyOnce) {
  Ask(7, 10);
  Ask(8, 10);
  Flush(7, 9);
  EXPECT_EQ(heard_, "");
  Flush(7, 10);
  EXPECT_EQ(heard_, "7+");
  timer_.RunDue();
  EXPECT_EQ(heard_, "7+8-");
}

TEST_F(FlushWaitsTest, ACallThatHasNoTimeLeftDoesNotWait) {
  clock_.monotonic_ns = 100;
  Ask(7, 10, base::OpContext(clock_, 50, ""));
  EXPECT_EQ(heard_, "7-");
}

TEST_F(FlushWaitsTest, AStopAnswersAllAndLetsNobodyWait) {
  Ask(7, 10);
  waits_.Stop();
  EXPECT_EQ(heard_, "7-");
  Ask(8, 10);
  EXPECT_EQ(heard_, "7-8-");
  timer_.RunDue();
  EXPECT_EQ(heard_, "7-8-");
}

}  // namespace
}  // namespace elanus::coordinator

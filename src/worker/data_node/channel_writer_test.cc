#include "worker/data_node/channel_writer.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "role/refusing_roles_for_test.h"
#include "segment/rows_maker_test.h"
#include "worker/tail_fixture_for_test.h"

namespace elanus::worker {
namespace {

// Its answers are given when the test says so.
class HeldDataCoord final : public role::RefusingDataCoord {
 public:
  void CommitCheckpoint(const base::OpContext&,
                        const internal::CommitCheckpointRequest&,
                        internal::Empty*, base::Done done) override {
    ++checkpoints;
    asked = std::move(done);
  }
  void Refuse() {
    std::exchange(asked, nullptr)(
        base::Error(base::ErrorCode::kServiceInternal, "the store is away"));
  }

  int checkpoints = 0;
  base::Done asked;
};

class ChannelWriterTest : public TailTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(TailTest::SetUp());
    writer_ = std::make_shared<ChannelWriter>(
        ChannelWriter::Dependencies{.data_coord = coord_,
                                    .objects = *store_,
                                    .background = executor_,
                                    .timer = timer_},
        internal::ChannelAssignment(), tail_);
    writer_->Start();
  }

  // The tail holds its listener, which holds the tail.
  void TearDown() override {
    if (!has_stopped_) Stop();
  }

  void Stop() {
    writer_->Stop([this](const absl::Status&) { has_stopped_ = true; });
  }

  HeldDataCoord coord_;
  std::shared_ptr<ChannelWriter> writer_;
  bool has_stopped_ = false;
};

TEST_F(ChannelWriterTest, AJobThatFailsIsTriedAgainUntilItSucceeds) {
  writer_->OnSealPoint({});
  coord_.Refuse();
  EXPECT_EQ(coord_.checkpoints, 1);
  timer_.RunDue();
  EXPECT_EQ(coord_.checkpoints, 2);
  coord_.asked(absl::OkStatus());
  EXPECT_TRUE(timer_.tasks.empty());
}

TEST_F(ChannelWriterTest, TheStopWaitsForTheJobThatRuns) {
  writer_->OnSealPoint({});
  Stop();
  EXPECT_FALSE(has_stopped_);
  coord_.Refuse();
  EXPECT_TRUE(has_stopped_);
  EXPECT_TRUE(timer_.tasks.empty()) << "a try of a stopped writer";
}

TEST_F(ChannelWriterTest, TheStopWaitsForNoNextTry) {
  writer_->OnSealPoint({});
  coord_.Refuse();
  Stop();
  EXPECT_TRUE(has_stopped_);
  timer_.RunDue();
  EXPECT_EQ(coord_.checkpoints, 1);
}

}  // namespace
}  // namespace elanus::worker

#include "worker/data_node/channel_writer.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "role/refusing_roles_for_test.h"
#include "segment/rows_maker_test.h"
#include "storage/local/local_object_store.h"
#include "testing/temp_folder.h"

namespace elanus::worker {
namespace {

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

class ChannelWriterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto store = storage::LocalObjectStore::Open({.root = folder_.path()});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    auto tail = segment::VchannelTail::Create(
        {.key = {.collection = base::CollectionId{7}, .shard = 0},
         .topic = "topic",
         .schema = segment::TestSchema()},
        {.budget = budget_,
         .clock = base::SystemClock(),
         .timer = timer_,
         .executor = executor_});
    ASSERT_TRUE(tail.ok()) << tail.status();
    writer_ = std::make_shared<ChannelWriter>(
        ChannelWriter::Dependencies{.data_coord = coord_,
                                    .objects = *store_,
                                    .background = executor_,
                                    .timer = timer_},
        internal::ChannelAssignment(), *tail);
    writer_->Start();
  }

  // The tail holds its listener, which holds the tail.
  void TearDown() override {
    if (!has_stopped_) Stop();
  }

  void Stop() {
    writer_->Stop([this](const absl::Status&) { has_stopped_ = true; });
  }

  testing::TempFolder folder_;
  base::MemoryBudget budget_{std::int64_t{1} << 40};
  base::InlineExecutor executor_;
  HeldTimer timer_;
  std::unique_ptr<storage::LocalObjectStore> store_;
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

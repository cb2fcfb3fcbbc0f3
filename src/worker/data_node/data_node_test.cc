#include "worker/data_node/data_node.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>

#include "base/timer.h"
#include "role/refusing_roles_for_test.h"
#include "testing/held_executor.h"
#include "testing/local_storage.h"

namespace elanus::worker {
namespace {

class DataNodeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    tails_.emplace(*log_, segment::TailServices{.budget = budget_,
                                                .clock = base::SystemClock(),
                                                .timer = timer_,
                                                .executor = executor_});
    node_.emplace(DataNode::Dependencies{.data_coord = coord_,
                                         .objects = *store_,
                                         .tails = *tails_,
                                         .budget = budget_,
                                         .background = executor_,
                                         .compactions = compactions_,
                                         .timer = timer_});
  }
  void TearDown() override {
    timer_.Stop();
    node_->Stop([](const absl::Status&) {});
  }

  // Of a segment that is not there.
  void Compact() {
    compact_.add_inputs()->mutable_manifest()->set_name("none");
    node_->Compact({}, compact_, &compacted_,
                   [this](absl::Status status) { answer_ = status; });
  }

  testing::TempFolder folder_;
  base::MemoryBudget budget_{std::int64_t{1} << 40};
  base::InlineExecutor executor_;
  testing::HeldExecutor compactions_;
  base::ThreadTimer timer_{executor_};
  std::unique_ptr<storage::LocalObjectStore> store_ =
      testing::OpenObjects(folder_);
  std::unique_ptr<storage::EmbeddedLog> log_ = testing::OpenLog(folder_);
  std::optional<segment::TailSet> tails_;
  role::RefusingDataCoord coord_;
  std::optional<DataNode> node_;
  internal::CompactRequest compact_;
  internal::CompactReply compacted_;
  std::optional<absl::Status> answer_;
};

TEST_F(DataNodeTest, ACompactionHoldsUpNoOtherCall) {
  Compact();
  EXPECT_FALSE(answer_.has_value());
  EXPECT_EQ(compactions_.tasks.size(), 1U);
  internal::MergeDeletesReply merged;
  std::optional<absl::Status> other;
  node_->MergeDeletes({}, {}, &merged,
                      [&other](absl::Status status) { other = status; });
  EXPECT_TRUE(other.has_value());
  compactions_.RunAll();
  EXPECT_TRUE(answer_.has_value());
}

TEST_F(DataNodeTest, ACompactionThatHasNotBegunIsRefusedByTheStop) {
  Compact();
  node_->Stop([](const absl::Status&) {});
  compactions_.RunAll();
  ASSERT_TRUE(answer_.has_value());
  EXPECT_EQ(base::CodeOf(*answer_), base::ErrorCode::kServiceNotReady);
}

}  // namespace
}  // namespace elanus::worker

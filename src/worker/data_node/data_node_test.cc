#include "worker/data_node/data_node.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>

#include "base/timer.h"
#include "role/refusing_roles_for_test.h"
#include "storage/embedded/embedded_log.h"
#include "storage/embedded/posix_log_folder.h"
#include "storage/local/local_object_store.h"
#include "testing/held_executor.h"
#include "testing/temp_folder.h"

namespace elanus::worker {
namespace {

class DataNodeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto store =
        storage::LocalObjectStore::Open({.root = folder_.path() + "/objects"});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    auto log_folder = storage::OpenPosixLogFolder(folder_.path() + "/log");
    ASSERT_TRUE(log_folder.ok()) << log_folder.status();
    auto log = storage::EmbeddedLog::Open(*std::move(log_folder), {});
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
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
  std::unique_ptr<storage::LocalObjectStore> store_;
  std::unique_ptr<storage::EmbeddedLog> log_;
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

#include "access/fan_out.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>

#include "role/refusing_roles_for_test.h"
#include "storage/embedded/embedded_log.h"
#include "testing/fake_clock.h"
#include "testing/faulty_log_folder.h"

namespace elanus::access {
namespace {

using std::chrono::milliseconds;

using Replies = absl::StatusOr<std::vector<internal::QueryShardsReply>>;
using QueryFanOut =
    FanOut<internal::QueryShardsRequest, internal::QueryShardsReply>;

// Time passes at once.
class HastyTimer final : public base::Timer {
 public:
  explicit HastyTimer(testing::FakeClock& clock) : clock_(clock) {}

  Id After(milliseconds delay, base::Task task) override {
    passed += delay;
    clock_.Advance(delay);
    task();
    return Id{};
  }
  bool Cancel(Id) override { return false; }

  milliseconds passed{0};

 private:
  testing::FakeClock& clock_;
};

// Loads for so long as it is told.
class LoadingQueryCoord final : public role::RefusingQueryCoord {
 public:
  void GetShardLeaders(const base::OpContext&,
                       const internal::CollectionIdRequest&,
                       internal::GetShardLeadersReply* reply,
                       base::Done done) override {
    ++asked;
    if (on_ask) on_ask();
    if (asked <= loading) {
      reply->set_is_loading(true);
    } else {
      reply->set_whole_collection(true);
      reply->add_leaders()->set_node_id(1);
    }
    done(absl::OkStatus());
  }

  base::Task on_ask;
  int loading = 0;
  int asked = 0;
};

class AnsweringQueryNode final : public role::RefusingQueryNode {
 public:
  void Query(const base::OpContext&, const internal::QueryShardsRequest&,
             internal::QueryShardsReply*, base::Done done) override {
    done(absl::OkStatus());
  }
};

class FanOutTest : public ::testing::Test {
 protected:
  Replies Read(const base::OpContext& ctx = {}) {
    internal::QueryShardsRequest request;
    request.mutable_scope()->set_collection_id(7);
    std::optional<Replies> got;
    QueryFanOut::Start(proxy_, ctx, &role::QueryNode::Query,
                       {.collection_name = "books"}, std::move(request),
                       [&](Replies replies) { got = std::move(replies); });
    return *std::move(got);
  }

  role::RefusingRootCoord root_coord_;
  role::RefusingDataCoord data_coord_;
  LoadingQueryCoord query_coord_;
  AnsweringQueryNode node_;
  std::unique_ptr<storage::EmbeddedLog> log_ = *storage::EmbeddedLog::Open(
      std::make_shared<testing::FaultyDisk>()->OpenFolder(), {});
  base::MemoryBudget budget_{std::int64_t{1} << 30};
  base::InlineExecutor executor_;
  testing::FakeClock clock_;
  HastyTimer timer_{clock_};
  base::Config config_;
  base::Metrics metrics_;
  Proxy proxy_{{.root_coord = root_coord_,
                .data_coord = data_coord_,
                .query_coord = query_coord_,
                .find_query_node =
                    [this](std::int64_t, const std::string&) { return &node_; },
                .broker = *log_,
                .budget = budget_,
                .clock = clock_,
                .timer = timer_,
                .requests = executor_,
                .config = config_,
                .metrics = metrics_,
                .writer = base::WriterId{1}}};
};

TEST_F(FanOutTest, WhatIsLoadedIsReadAtOnce) {
  EXPECT_TRUE(Read().ok());
  EXPECT_EQ(query_coord_.asked, 1);
  EXPECT_EQ(timer_.passed, milliseconds(0));
}

TEST_F(FanOutTest, WhatIsBeingLoadedIsWaitedFor) {
  query_coord_.loading = 5;
  EXPECT_TRUE(Read().ok());
  EXPECT_EQ(query_coord_.asked, 6);
  EXPECT_LE(timer_.passed, milliseconds(100));
}

TEST_F(FanOutTest, ALoadThatTakesLongIsNotWaitedForForever) {
  query_coord_.loading = 1'000'000;
  const Replies replies = Read();
  EXPECT_EQ(base::CodeOf(replies.status()),
            base::ErrorCode::kCollectionNotFullyLoaded);
  EXPECT_EQ(base::MessageOf(replies.status()),
            "collection not fully loaded[collection=7]");
  EXPECT_GE(timer_.passed, milliseconds(10'000));
  EXPECT_LE(timer_.passed, milliseconds(10'200));
}

TEST_F(FanOutTest, ACallThatIsCancelledWaitsForNoLoad) {
  query_coord_.loading = 1'000'000;
  const base::OpContext ctx;
  query_coord_.on_ask = [&] {
    if (query_coord_.asked == 3) ctx.Cancel();
  };
  EXPECT_EQ(base::CodeOf(Read(ctx).status()), base::ErrorCode::kCancelled);
  EXPECT_EQ(query_coord_.asked, 3);
}

}  // namespace
}  // namespace elanus::access

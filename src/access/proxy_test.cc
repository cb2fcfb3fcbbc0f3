#include "access/proxy.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/timer.h"
#include "role/refusing_roles_for_test.h"
#include "segment/record/record_builder.h"
#include "storage/embedded/embedded_log.h"
#include "testing/faulty_log_folder.h"
#include "testing/log_sinks.h"

namespace elanus::access {
namespace {

constexpr std::uint32_t kShards = 3;

class ProxyTest : public ::testing::Test {
 protected:
  ProxyTest()
      : log_(*storage::EmbeddedLog::Open(
            std::make_shared<testing::FaultyDisk>()->OpenFolder(), {})),
        proxy_({.root_coord = root_coord_,
                .data_coord = data_coord_,
                .query_coord = query_coord_,
                .find_query_node = nullptr,
                .broker = *log_,
                .budget = budget_,
                .clock = base::SystemClock(),
                .timer = timer_,
                .requests = pool_,
                .config = config_,
                .metrics = metrics_,
                .writer = base::WriterId{1}}) {
    EXPECT_TRUE(log_->CreateTopic("t").ok());
  }

  // What acknowledged writes of all shards leave behind.
  void Write(std::int64_t collection) {
    for (std::uint32_t shard = 0; shard < kShards; ++shard) {
      const segment::VchannelKey vchannel{
          .collection = base::CollectionId{collection}, .shard = shard};
      std::promise<void> appended;
      proxy_.log().Append(
          {.topic = "t", .vchannel = vchannel, .proposed = {1}},
          [](segment::RecordHeader header) {
            return segment::BuildTick(header);
          },
          [&](const absl::StatusOr<storage::AppendResult>& result) {
            ASSERT_TRUE(result.ok()) << result.status();
            proxy_.positions().Note(vchannel, result->next.Encode());
            appended.set_value();
          });
      appended.get_future().get();
    }
  }

  void Tell(const internal::InvalidateCacheRequest& request) {
    internal::Empty reply;
    proxy_.InvalidateCache({}, request, &reply, [](const absl::Status& status) {
      EXPECT_TRUE(status.ok());
    });
  }

  role::RefusingRootCoord root_coord_;
  role::RefusingDataCoord data_coord_;
  role::RefusingQueryCoord query_coord_;
  std::unique_ptr<storage::EmbeddedLog> log_;
  base::MemoryBudget budget_{std::int64_t{1} << 30};
  base::ThreadPool pool_{{.name = "requests", .threads = 1}};
  base::ThreadTimer timer_{pool_};
  base::Config config_;
  base::Metrics metrics_;
  Proxy proxy_;
};

TEST_F(ProxyTest, NothingIsLeftOfDroppedCollections) {
  constexpr std::int64_t kLives = 7;
  Write(kLives);
  for (std::int64_t id = 100; id < 300; ++id) {
    Write(id);
    // Another alias or partition is no reason to forget.
    internal::InvalidateCacheRequest changed;
    changed.add_collection_ids(id);
    Tell(changed);
    EXPECT_EQ(proxy_.positions().size(), 2 * kShards);
    EXPECT_EQ(proxy_.log().size(), 2 * kShards);
    internal::InvalidateCacheRequest request;
    request.add_dropped()->set_collection_id(id);
    request.mutable_dropped(0)->set_shards(kShards);
    Tell(request);
  }
  EXPECT_EQ(proxy_.positions().size(), kShards);
  EXPECT_EQ(proxy_.log().size(), kShards);
  EXPECT_FALSE(proxy_.positions().Get({base::CollectionId{kLives}, 0}).empty());
}

}  // namespace
}  // namespace elanus::access

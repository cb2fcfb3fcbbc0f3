// Loads beside drops of indexes and partitions, in random orders of the
// coordinators' steps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "coordinator/data/data_coordinator.h"
#include "coordinator/data/fakes_for_test.h"
#include "coordinator/query/query_coordinator.h"
#include "coordinator/root/root_coordinator.h"
#include "testing/fake_clock.h"

namespace elanus::coordinator {
namespace {

using ::testing::StartsWith;

constexpr std::int64_t kField = 101;

// Runs one task at a time, drawn from all that wait.
class RandomExecutor final : public base::Executor {
 public:
  explicit RandomExecutor(std::mt19937& random) : random_(random) {}
  void Submit(base::Task task) override { tasks_.push_back(std::move(task)); }
  std::size_t width() const override { return 1; }
  bool RunOne() {
    if (tasks_.empty()) return false;
    std::swap(tasks_[random_() % tasks_.size()], tasks_.back());
    base::Task task = std::move(tasks_.back());
    tasks_.pop_back();
    task();
    return true;
  }

 private:
  std::mt19937& random_;
  std::vector<base::Task> tasks_;
};

// Serves whatever it is asked to, at once.
class WillingNode final : public role::RefusingQueryNode {
 public:
  void LoadShard(const base::OpContext&, const internal::LoadShardRequest&,
                 internal::Empty*, base::Done done) override {
    done(absl::OkStatus());
  }
  void ReleaseShard(const base::OpContext&,
                    const internal::ReleaseShardRequest&, internal::Empty*,
                    base::Done done) override {
    done(absl::OkStatus());
  }
  void RefreshShard(const base::OpContext&,
                    const internal::RefreshShardRequest&, internal::Empty*,
                    base::Done done) override {
    done(absl::OkStatus());
  }
};

// What data coord knows of query coord, which is made after it.
class QueryCoordLink final : public RefusingQueryCoord {
 public:
  void GetLoadState(const base::OpContext& ctx,
                    const internal::GetLoadStateRequest& request,
                    internal::GetLoadStateReply* reply,
                    base::Done done) override {
    to->GetLoadState(ctx, request, reply, std::move(done));
  }
  void TargetChanged(const base::OpContext& ctx,
                     const internal::TargetChangedRequest& request,
                     internal::Empty* reply, base::Done done) override {
    to->TargetChanged(ctx, request, reply, std::move(done));
  }
  role::QueryCoord* to = nullptr;
};

// A collection of the partitions _default and p, with an index.
class World {
 public:
  explicit World(unsigned seed) : random(seed) {
    link_.to = &query_;
    query_.SetNodes(
        {{.id = base::NodeId{5}, .address = "here", .node = &query_node_}});
    EXPECT_TRUE(root_.Start().ok());
    EXPECT_TRUE(data_.Recover().ok());
    EXPECT_TRUE(query_.Start().ok());
    EXPECT_TRUE(Wait(CreateCollection()).ok());
    EXPECT_TRUE(Wait(CreatePartition()).ok());
    EXPECT_TRUE(Wait(CreateIndex()).ok());
  }

  using Outcome = std::shared_ptr<std::optional<absl::Status>>;

  Outcome CreateCollection() {
    internal::CreateCollectionRequest request;
    request.set_collection_name("books");
    request.set_schema(SchemaBytes());
    request.set_shards_num(1);
    return Begin(root_, &role::RootCoord::CreateCollection, request);
  }
  Outcome CreatePartition() {
    return Begin(root_, &role::RootCoord::CreatePartition, PartitionP());
  }
  Outcome DropPartition() {
    return Begin(root_, &role::RootCoord::DropPartition, PartitionP());
  }
  Outcome CreateIndex() {
    internal::CreateIndexRequest request;
    request.set_collection_id(Books().id());
    request.mutable_index()->set_field_id(kField);
    request.mutable_index()->set_field_name("vec");
    request.mutable_index()->set_index_type("HNSW");
    request.mutable_index()->set_metric_type("L2");
    return Begin(data_, &role::DataCoord::CreateIndex, request);
  }
  Outcome DropIndex() {
    internal::DropIndexRequest request;
    request.set_collection_id(Books().id());
    return Begin(data_, &role::DataCoord::DropIndex, request);
  }
  // Of that partition, or of the whole collection, as a proxy knows it now.
  internal::LoadRequest LoadOf(const std::string& partition_name) const {
    internal::LoadRequest request;
    *request.mutable_collection() = Books();
    request.set_replica_number(1);
    for (const auto& partition : request.collection().partitions()) {
      if (partition.name() != partition_name) continue;
      request.add_partition_ids(partition.id());
    }
    return request;
  }
  Outcome Load(const internal::LoadRequest& request) {
    return Begin(query_, &role::QueryCoord::Load, request);
  }
  Outcome Release() {
    internal::ReleaseRequest request;
    request.set_collection_id(Books().id());
    return Begin(query_, &role::QueryCoord::Release, request);
  }

  // Runs a task that waits; false if none does.
  bool Step() {
    const internal::LoadMeta before = Wish();
    const bool was_whole = before.whole_collection() && !IsDropping();
    if (!executor_.RunOne()) return false;
    const internal::LoadMeta wish = Wish();
    EXPECT_FALSE(was_whole && wish.whole_collection() && IsDropping())
        << "a loaded partition is dropped";
    if (wish.collection_id() == 0) return true;
    EXPECT_FALSE(store_.KeysUnder("data/index/").empty())
        << "loaded without an index";
    for (const std::int64_t id : wish.partition_ids()) {
      const internal::CollectionMeta books = Books();
      EXPECT_TRUE(std::any_of(books.partitions().begin(),
                              books.partitions().end(),
                              [id](const internal::PartitionMeta& partition) {
                                return partition.id() == id &&
                                       partition.state() == internal::CREATED;
                              }))
          << "a dropped partition is loaded";
    }
    return true;
  }
  absl::Status Wait(const Outcome& outcome) {
    while (Step()) {
    }
    return outcome->value_or(absl::UnknownError("no answer"));
  }

  std::mt19937 random;

 private:
  static internal::PartitionRequest PartitionP() {
    internal::PartitionRequest request;
    request.set_collection_name("books");
    request.set_partition_name("p");
    return request;
  }

  internal::CollectionMeta Books() const {
    internal::CollectionMeta books;
    for (const std::string& key : store_.KeysUnder("root/collection/")) {
      EXPECT_TRUE(books.ParseFromString(store_.map.at(key).value));
    }
    return books;
  }
  // Without an id if there is none.
  internal::LoadMeta Wish() const {
    internal::LoadMeta wish;
    for (const std::string& key : store_.KeysUnder("query/load/")) {
      EXPECT_TRUE(wish.ParseFromString(store_.map.at(key).value));
    }
    return wish;
  }
  bool IsDropping() const {
    const internal::CollectionMeta books = Books();
    return std::any_of(books.partitions().begin(), books.partitions().end(),
                       [](const internal::PartitionMeta& partition) {
                         return partition.state() == internal::DROPPING;
                       });
  }

  template <typename Role, typename Request, typename Reply>
  Outcome Begin(std::type_identity_t<Role>& role,
                void (Role::*method)(const base::OpContext&, const Request&,
                                     Reply*, base::Done),
                Request request) {
    struct Call {
      Request request;
      Reply reply;
    };
    auto call = std::make_shared<Call>(Call{.request = std::move(request)});
    auto outcome = std::make_shared<std::optional<absl::Status>>();
    Call& parts = *call;
    (role.*method)(
        base::OpContext(), parts.request, &parts.reply,
        [outcome, call](absl::Status status) { *outcome = std::move(status); });
    return outcome;
  }

  Script script_;
  MemoryMetaStore store_{script_};
  MemoryLog log_{script_};
  MemoryObjects objects_;
  storage::MetaCopier copier_{store_, objects_};
  FakeRootCoord ids_;
  FakeDataNode data_node_;
  WillingNode query_node_;
  QueryCoordLink link_;
  ManualTimer timer_;
  testing::FakeClock clock_;
  base::Config config_;
  RandomExecutor executor_{random};
  DataCoordinator data_{{.meta_store = store_,
                         .meta_copier = copier_,
                         .objects = objects_,
                         .broker = log_,
                         .root_coord = ids_,
                         .query_coord = link_,
                         .data_node = data_node_,
                         .index_node = nullptr,
                         .clock = clock_,
                         .timer = timer_,
                         .background = executor_,
                         .config = config_,
                         .epoch = base::NodeId{1}}};
  QueryCoordinator query_{{.store = store_,
                           .data_coord = data_,
                           .executor = executor_,
                           .timer = timer_}};
  RootCoordinator root_{{.store = store_,
                         .broker = log_,
                         .data_coord = data_,
                         .query_coord = query_,
                         .clock = clock_,
                         .executor = executor_,
                         .timer = timer_},
                        {.pchannels = 1}};
};

constexpr std::string_view kLoadedIndex =
    "index cannot be dropped, collection is loaded, please release it first";
constexpr std::string_view kLoadedPartition =
    "partition cannot be dropped, partition is loaded, please release it first";
constexpr std::string_view kNoIndex = "index not found[collection=books]";
constexpr std::string_view kNoPartition = "partition not found[partition=";

TEST(LoadAndDropTest, WhatIsLoadedFirstIsNotDropped) {
  for (const std::string which : {"", "p"}) {
    World world(1);
    ASSERT_TRUE(world.Wait(world.Load(world.LoadOf(which))).ok());
    EXPECT_EQ(base::MessageOf(world.Wait(world.DropIndex())), kLoadedIndex);
    EXPECT_EQ(base::MessageOf(world.Wait(world.DropPartition())),
              kLoadedPartition);
  }
}

TEST(LoadAndDropTest, WhatIsDroppedFirstIsNotLoaded) {
  World world(1);
  // Its proxy learns of the drop too late.
  const internal::LoadRequest load = world.LoadOf("p");
  ASSERT_TRUE(world.Wait(world.DropPartition()).ok());
  EXPECT_THAT(std::string(base::MessageOf(world.Wait(world.Load(load)))),
              StartsWith(std::string(kNoPartition)));
  ASSERT_TRUE(world.Wait(world.DropIndex()).ok());
  EXPECT_EQ(base::MessageOf(world.Wait(world.Load(world.LoadOf("")))),
            kNoIndex);
}

// How often a load came first, and how often a drop.
struct Refusals {
  int index_drops = 0;
  int partition_drops = 0;
  int loads_without_index = 0;
  int loads_without_partition = 0;
};

World::Outcome BeginAny(World& world) {
  switch (world.random() % 8) {
    case 0:
      return world.Load(world.LoadOf(""));
    case 1:
    case 2:
      return world.Load(world.LoadOf("p"));
    case 3:
      return world.DropIndex();
    case 4:
      return world.CreateIndex();
    case 5:
      return world.DropPartition();
    case 6:
      return world.CreatePartition();
    default:
      return world.Release();
  }
}

void Count(const absl::Status& status, Refusals& refusals) {
  if (status.ok()) return;
  const std::string_view message = base::MessageOf(status);
  if (message == kLoadedIndex) {
    ++refusals.index_drops;
  } else if (message == kLoadedPartition) {
    ++refusals.partition_drops;
  } else if (message == kNoIndex) {
    ++refusals.loads_without_index;
  } else if (message.starts_with(kNoPartition)) {
    ++refusals.loads_without_partition;
  } else {
    ADD_FAILURE() << status;
  }
}

TEST(LoadAndDropTest, InNoOrderSomethingIsLoadedThatWasDropped) {
  Refusals refusals;
  for (unsigned seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    World world(seed);
    std::vector<World::Outcome> outcomes;
    for (int i = 0; i < 12; ++i) {
      outcomes.push_back(BeginAny(world));
      for (auto steps = world.random() % 6; steps > 0; --steps) {
        world.Step();
      }
    }
    while (world.Step()) {
    }
    for (const World::Outcome& outcome : outcomes) {
      ASSERT_TRUE(outcome->has_value());
      Count(**outcome, refusals);
    }
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(refusals.index_drops, 50);
  EXPECT_GT(refusals.partition_drops, 50);
  EXPECT_GT(refusals.loads_without_index, 50);
  EXPECT_GT(refusals.loads_without_partition, 50);
}

}  // namespace
}  // namespace elanus::coordinator

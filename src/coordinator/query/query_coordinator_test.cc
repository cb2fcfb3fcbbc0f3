#include "coordinator/query/query_coordinator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/fakes_for_test.h"
#include "coordinator/meta_records.h"
#include "testing/held_executor.h"

namespace elanus::coordinator {
namespace {

using base::ErrorCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using State = internal::GetLoadStateReply;

constexpr std::int64_t kBooks = 7;
constexpr std::int64_t kIndex = 9;

class FakeDataCoord final : public RefusingDataCoord {
 public:
  void GetAssignment(const base::OpContext&,
                     const internal::ShardRequest& request,
                     internal::ListAssignmentsReply* reply,
                     base::Done done) override {
    auto& assignment = *reply->add_assignments();
    assignment.mutable_collection()->set_id(request.collection_id());
    assignment.mutable_channel()->set_shard(request.shard());
    done(absl::OkStatus());
  }
  void DescribeIndex(const base::OpContext&,
                     const internal::DescribeIndexRequest&,
                     internal::DescribeIndexReply* reply,
                     base::Done done) override {
    if (!indexed) {
      done(base::Error(ErrorCode::kIndexNotFound, "index not found"));
      return;
    }
    internal::IndexMeta& index = *reply->add_indexes()->mutable_index();
    index.set_field_id(101);
    index.set_id(kIndex);
    done(absl::OkStatus());
  }
  bool indexed = true;
};

// Notes its calls as words; answers when and as it is told.
class FakeNode final : public role::RefusingQueryNode {
 public:
  void LoadShard(const base::OpContext&,
                 const internal::LoadShardRequest& request, internal::Empty*,
                 base::Done done) override {
    EXPECT_EQ(request.assignment().channel().shard(), request.shard());
    EXPECT_EQ(request.collection().id(), kBooks);
    std::string what = request.whole_collection() ? "whole" : "";
    for (const auto id : request.partition_ids()) {
      what += "p" + std::to_string(id);
    }
    Note(fmt::format("load {} {}", request.shard(), what), std::move(done));
  }
  void ReleaseShard(const base::OpContext&,
                    const internal::ReleaseShardRequest& request,
                    internal::Empty*, base::Done done) override {
    Note(fmt::format("release {}", request.shard()), std::move(done));
  }
  void RefreshShard(const base::OpContext&,
                    const internal::RefreshShardRequest& request,
                    internal::Empty*, base::Done done) override {
    Note(fmt::format("refresh {}", request.shard()), std::move(done));
  }
  void GetSegmentInfo(const base::OpContext&,
                      const internal::CollectionIdRequest&,
                      internal::GetQuerySegmentInfoReply* reply,
                      base::Done done) override {
    for (const std::int64_t id : segments) {
      reply->add_segments()->set_segment_id(id);
    }
    done(absl::OkStatus());
  }

  // Answers what is parked.
  void Answer(const absl::Status& status) {
    std::vector<base::Done> answered;
    answered.swap(parked);
    for (base::Done& done : answered) done(status);
  }
  std::vector<std::string> TakeCalls() { return std::exchange(calls, {}); }

  std::vector<std::string> calls;
  std::vector<base::Done> parked;
  std::vector<std::int64_t> segments;
  bool parks = false;
  absl::Status answer;

 private:
  void Note(std::string call, base::Done done) {
    calls.push_back(std::move(call));
    if (parks) {
      parked.push_back(std::move(done));
    } else {
      done(answer);
    }
  }
};

class QueryCoordinatorTest : public ::testing::Test {
 protected:
  QueryCoordinatorTest() {
    PutCollection(internal::CREATED);
    Restart();
  }

  void PutCollection(internal::LifeState state) {
    collection_.set_id(kBooks);
    collection_.set_name("books");
    collection_.set_state(state);
    collection_.clear_vchannels();
    collection_.clear_partitions();
    collection_.mutable_schema()->clear_fields();
    auto& vector = *collection_.mutable_schema()->add_fields();
    vector.set_fieldid(101);
    vector.set_name("vec");
    vector.set_data_type(milvus::proto::schema::FloatVector);
    for (int shard = 0; shard < 2; ++shard) {
      collection_.add_vchannels()->set_shard(shard);
      collection_.add_partitions()->set_id(shard + 1);
    }
    storage::MetaTxn txn;
    txn.puts.push_back(
        PutRecord(keys::Collection(base::CollectionId{kBooks}), collection_));
    txn.puts.push_back({.key = IndexKey(), .value = "index"});
    ASSERT_TRUE(store_.Txn(txn).ok());
  }

  static std::string IndexKey() {
    return keys::Index(base::CollectionId{kBooks}, base::IndexId{kIndex});
  }

  void Restart() {
    timer_.Clear();
    query_ =
        std::make_unique<QueryCoordinator>(QueryDeps{.store = store_,
                                                     .data_coord = data_coord_,
                                                     .executor = executor_,
                                                     .timer = timer_});
    query_->SetNodes(
        {{.id = base::NodeId{5}, .address = "here", .node = &node_}});
    ASSERT_TRUE(query_->Start().ok());
    executor_.RunAll();
  }

  template <typename Request, typename Reply>
  absl::Status Call(void (role::QueryCoord::*method)(const base::OpContext&,
                                                     const Request&, Reply*,
                                                     base::Done),
                    const Request& request, Reply* reply) {
    auto outcome =
        std::make_shared<absl::Status>(absl::UnknownError("no answer"));
    role::QueryCoord& query = *query_;
    (query.*method)(
        base::OpContext(), request, reply,
        [outcome](absl::Status status) { *outcome = std::move(status); });
    executor_.RunAll();
    last_ = outcome;
    return *outcome;
  }
  absl::Status Load(std::vector<std::int64_t> partitions = {},
                    int replicas = 1) {
    internal::LoadRequest request;
    *request.mutable_collection() = collection_;
    for (const std::int64_t id : partitions) request.add_partition_ids(id);
    request.set_replica_number(replicas);
    internal::Empty reply;
    return Call(&role::QueryCoord::Load, request, &reply);
  }
  absl::Status Release(std::vector<std::int64_t> partitions = {}) {
    internal::ReleaseRequest request;
    request.set_collection_id(kBooks);
    for (const std::int64_t id : partitions) request.add_partition_ids(id);
    return Call(&role::QueryCoord::Release, request, &empty_);
  }
  absl::Status TargetChanged(int shard) {
    internal::TargetChangedRequest request;
    request.set_collection_id(kBooks);
    request.set_shard(shard);
    return Call(&role::QueryCoord::TargetChanged, request, &empty_);
  }
  State LoadState(std::vector<std::int64_t> partitions = {}) {
    internal::GetLoadStateRequest request;
    request.set_collection_id(kBooks);
    for (const std::int64_t id : partitions) request.add_partition_ids(id);
    State reply;
    EXPECT_TRUE(Call(&role::QueryCoord::GetLoadState, request, &reply).ok());
    return reply;
  }
  absl::StatusOr<internal::GetShardLeadersReply> Leaders() {
    internal::CollectionIdRequest request;
    request.set_collection_id(kBooks);
    internal::GetShardLeadersReply reply;
    RETURN_IF_ERROR(Call(&role::QueryCoord::GetShardLeaders, request, &reply));
    return reply;
  }
  void Tick() {
    timer_.RunDue();
    executor_.RunAll();
  }

  Script script_;
  MemoryMetaStore store_{script_};
  FakeDataCoord data_coord_;
  FakeNode node_;
  testing::HeldExecutor executor_;
  ManualTimer timer_;
  internal::CollectionMeta collection_;
  internal::Empty empty_;
  std::shared_ptr<absl::Status> last_;
  std::unique_ptr<QueryCoordinator> query_;
};

TEST_F(QueryCoordinatorTest, WhatWasNeverLoadedSaysSo) {
  EXPECT_EQ(LoadState().state(), State::NOT_LOADED);
  EXPECT_EQ(base::MessageOf(Leaders().status()),
            "collection not loaded[collection=7]");
  EXPECT_EQ(base::CodeOf(Leaders().status()), ErrorCode::kCollectionNotLoaded);
  EXPECT_TRUE(Release().ok());
  EXPECT_TRUE(TargetChanged(0).ok());
  EXPECT_THAT(node_.calls, IsEmpty());
}

TEST_F(QueryCoordinatorTest, ALoadAnswersBeforeAndServesAfterItsShards) {
  node_.parks = true;
  ASSERT_TRUE(Load().ok());
  EXPECT_THAT(node_.calls, ElementsAre("load 0 whole", "load 1 whole"));
  EXPECT_EQ(LoadState().state(), State::LOADING);
  EXPECT_EQ(LoadState().progress(), 0);
  EXPECT_TRUE(Leaders()->is_loading());
  EXPECT_EQ(Leaders()->leaders_size(), 0);
  base::Done second = std::move(node_.parked[1]);
  node_.parked.pop_back();
  node_.Answer(absl::OkStatus());
  EXPECT_EQ(LoadState().progress(), 50);
  EXPECT_TRUE(Leaders()->is_loading());
  EXPECT_EQ(Leaders()->leaders_size(), 0);
  second(absl::OkStatus());
  EXPECT_EQ(LoadState().state(), State::LOADED);
  const auto leaders = Leaders();
  ASSERT_TRUE(leaders.ok()) << leaders.status();
  EXPECT_FALSE(leaders->is_loading());
  EXPECT_TRUE(leaders->whole_collection());
  ASSERT_EQ(leaders->leaders_size(), 2);
  EXPECT_EQ(leaders->leaders(1).node_id(), 5);
  EXPECT_EQ(leaders->leaders(1).address(), "here");
}

TEST_F(QueryCoordinatorTest, WithoutIndexNothingIsLoaded) {
  data_coord_.indexed = false;
  const absl::Status status = Load();
  EXPECT_EQ(base::CodeOf(status), ErrorCode::kIndexNotFound);
  EXPECT_EQ(base::MessageOf(status), "index not found[collection=books]");
  EXPECT_EQ(LoadState().state(), State::NOT_LOADED);
  EXPECT_THAT(store_.KeysUnder("query/load/"), IsEmpty());
}

TEST_F(QueryCoordinatorTest, AnIndexThatIsDroppedMeanwhileIsNotFound) {
  store_.before_txn = [this] { store_.map.erase(IndexKey()); };
  const absl::Status status = Load();
  EXPECT_EQ(base::CodeOf(status), ErrorCode::kIndexNotFound);
  EXPECT_EQ(base::MessageOf(status), "index not found[collection=books]");
  EXPECT_EQ(LoadState().state(), State::NOT_LOADED);
  EXPECT_THAT(store_.KeysUnder("query/load/"), IsEmpty());
}

TEST_F(QueryCoordinatorTest, APartitionThatIsDroppedMeanwhileIsNotFound) {
  bool dropped = false;
  store_.before_txn = [&] {
    if (std::exchange(dropped, true)) return;
    collection_.mutable_partitions(1)->set_state(internal::DROPPING);
    storage::MetaTxn txn;
    txn.puts.push_back(
        PutRecord(keys::Collection(base::CollectionId{kBooks}), collection_));
    ASSERT_TRUE(store_.Txn(txn).ok());
  };
  const absl::Status status = Load({2});
  EXPECT_EQ(base::CodeOf(status), ErrorCode::kPartitionNotFound);
  EXPECT_EQ(base::MessageOf(status), "partition not found[partition=2]");
  EXPECT_THAT(store_.KeysUnder("query/load/"), IsEmpty());
  EXPECT_TRUE(Load({1}).ok());
}

TEST_F(QueryCoordinatorTest, LoadingAgainChangesNothingOrIsRefused) {
  ASSERT_TRUE(Load().ok());
  node_.TakeCalls();
  EXPECT_TRUE(Load().ok());
  EXPECT_THAT(node_.calls, IsEmpty());
  EXPECT_EQ(base::CodeOf(Load({}, 2)), ErrorCode::kUnexpected);
}

TEST_F(QueryCoordinatorTest, ALoadThatFailsAgainAndAgainSaysWhyUntilItWorks) {
  node_.answer = base::Error(ErrorCode::kSegmentLoadFailed, "disk is gone");
  ASSERT_TRUE(Load().ok());
  EXPECT_EQ(LoadState().state(), State::LOADING);
  EXPECT_EQ(LoadState().fail_reason(), "");
  Tick();
  EXPECT_EQ(LoadState().fail_reason(), "");
  EXPECT_TRUE(Leaders()->is_loading());
  Tick();
  EXPECT_EQ(LoadState().fail_reason(), "disk is gone");
  EXPECT_EQ(base::CodeOf(Leaders().status()),
            ErrorCode::kCollectionNotFullyLoaded);
  EXPECT_EQ(base::MessageOf(Leaders().status()),
            "collection not fully loaded[collection=7]: disk is gone");
  EXPECT_EQ(node_.calls.size(), 6U);
  node_.answer = absl::OkStatus();
  Tick();
  EXPECT_EQ(LoadState().state(), State::LOADED);
  EXPECT_EQ(LoadState().fail_reason(), "");
  EXPECT_EQ(timer_.waiting(), 0U);
}

TEST_F(QueryCoordinatorTest, AReleaseAnswersWhenTheNodeHasLetGo) {
  ASSERT_TRUE(Load().ok());
  node_.TakeCalls();
  node_.parks = true;
  EXPECT_EQ(Release().message(), "no answer");
  const auto released = last_;
  EXPECT_EQ(LoadState().state(), State::NOT_LOADED);
  EXPECT_EQ(base::CodeOf(Leaders().status()), ErrorCode::kCollectionNotLoaded);
  EXPECT_THAT(node_.calls, ElementsAre("release 0", "release 1"));
  EXPECT_FALSE(released->ok());
  node_.Answer(absl::OkStatus());
  EXPECT_TRUE(released->ok()) << *released;
  EXPECT_THAT(store_.KeysUnder("query/load/"), IsEmpty());
  Restart();
  EXPECT_EQ(LoadState().state(), State::NOT_LOADED);
}

TEST_F(QueryCoordinatorTest, AReleaseDuringALoadEndsIt) {
  node_.parks = true;
  ASSERT_TRUE(Load().ok());
  EXPECT_EQ(Release().message(), "no answer");
  const auto released = last_;
  node_.Answer(absl::OkStatus());
  node_.Answer(absl::OkStatus());
  EXPECT_TRUE(released->ok()) << *released;
  EXPECT_THAT(node_.calls, ElementsAre("load 0 whole", "load 1 whole",
                                       "release 0", "release 1"));
  EXPECT_EQ(LoadState().state(), State::NOT_LOADED);
}

TEST_F(QueryCoordinatorTest, AFailedReleaseIsRepeatedByTheNextOne) {
  ASSERT_TRUE(Load().ok());
  node_.answer = base::Error(ErrorCode::kServiceUnavailable, "away");
  EXPECT_FALSE(Release().ok());
  node_.TakeCalls();
  node_.answer = absl::OkStatus();
  EXPECT_TRUE(Release().ok());
  EXPECT_THAT(node_.calls, ElementsAre("release 0", "release 1"));
}

TEST_F(QueryCoordinatorTest, PartitionsAreLoadedAndReleasedOneByOne) {
  ASSERT_TRUE(Load({1}).ok());
  EXPECT_THAT(node_.TakeCalls(), ElementsAre("load 0 p1", "load 1 p1"));
  EXPECT_EQ(LoadState({1}).state(), State::LOADED);
  EXPECT_EQ(LoadState({2}).state(), State::NOT_LOADED);
  EXPECT_THAT(Leaders()->partition_ids(), ElementsAre(1));
  node_.parks = true;
  ASSERT_TRUE(Load({2}).ok());
  EXPECT_EQ(LoadState({1}).state(), State::LOADED);
  EXPECT_EQ(LoadState({2}).state(), State::LOADING);
  EXPECT_THAT(Leaders()->partition_ids(), ElementsAre(1));
  node_.Answer(absl::OkStatus());
  EXPECT_THAT(node_.TakeCalls(), ElementsAre("load 0 p1p2", "load 1 p1p2"));
  EXPECT_THAT(Leaders()->partition_ids(), ElementsAre(1, 2));
  node_.parks = false;
  ASSERT_TRUE(Release({1}).ok());
  EXPECT_THAT(node_.TakeCalls(), ElementsAre("load 0 p2", "load 1 p2"));
  EXPECT_EQ(LoadState({1}).state(), State::NOT_LOADED);
  ASSERT_TRUE(Release({2}).ok());
  EXPECT_THAT(node_.TakeCalls(), ElementsAre("release 0", "release 1"));
  EXPECT_EQ(LoadState().state(), State::NOT_LOADED);
}

TEST_F(QueryCoordinatorTest, OfTheWholeOnePartitionCanBeReleased) {
  ASSERT_TRUE(Load().ok());
  ASSERT_TRUE(Release({2}).ok());
  EXPECT_FALSE(LoadState().whole_collection());
  EXPECT_EQ(LoadState({1}).state(), State::LOADED);
  EXPECT_EQ(LoadState({2}).state(), State::NOT_LOADED);
  ASSERT_TRUE(Load().ok());
  EXPECT_TRUE(Leaders()->whole_collection());
}

TEST_F(QueryCoordinatorTest, ARestartLoadsAgainWhatWasLoaded) {
  ASSERT_TRUE(Load({1}).ok());
  node_.TakeCalls();
  Restart();
  EXPECT_THAT(node_.calls, ElementsAre("load 0 p1", "load 1 p1"));
  EXPECT_EQ(LoadState({1}).state(), State::LOADED);
}

TEST_F(QueryCoordinatorTest, ARestartForgetsWhatWasDroppedMeanwhile) {
  ASSERT_TRUE(Load().ok());
  node_.TakeCalls();
  PutCollection(internal::DROPPING);
  Restart();
  EXPECT_THAT(node_.calls, IsEmpty());
  EXPECT_THAT(store_.KeysUnder("query/load/"), IsEmpty());
}

TEST_F(QueryCoordinatorTest, ACollectionThatIsBeingDroppedIsNotLoaded) {
  PutCollection(internal::DROPPING);
  EXPECT_EQ(base::CodeOf(Load()), ErrorCode::kCollectionNotFound);
  EXPECT_EQ(LoadState().state(), State::NOT_LOADED);
}

TEST_F(QueryCoordinatorTest, ManyChangesOfATargetBecomeTwoRefreshes) {
  ASSERT_TRUE(Load().ok());
  node_.TakeCalls();
  node_.parks = true;
  std::vector<std::shared_ptr<absl::Status>> outcomes;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(TargetChanged(1).message(), "no answer");
    outcomes.push_back(last_);
  }
  EXPECT_THAT(node_.calls, ElementsAre("refresh 1"));
  node_.Answer(absl::OkStatus());
  EXPECT_TRUE(outcomes[0]->ok());
  EXPECT_FALSE(outcomes[1]->ok());
  EXPECT_THAT(node_.calls, ElementsAre("refresh 1", "refresh 1"));
  node_.Answer(absl::OkStatus());
  for (const auto& outcome : outcomes) EXPECT_TRUE(outcome->ok());
  EXPECT_EQ(node_.calls.size(), 2U);
}

TEST_F(QueryCoordinatorTest, ManyFailedRefreshesAreTriedAgainOnce) {
  ASSERT_TRUE(Load().ok());
  node_.TakeCalls();
  node_.answer = base::Error(ErrorCode::kSegmentLoadFailed, "disk is gone");
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(TargetChanged(1).ok());
  EXPECT_EQ(node_.TakeCalls().size(), 5U);
  Tick();
  EXPECT_THAT(node_.TakeCalls(), ElementsAre("refresh 1"));
  node_.answer = absl::OkStatus();
  Tick();
  EXPECT_THAT(node_.TakeCalls(), ElementsAre("refresh 1"));
  EXPECT_EQ(timer_.waiting(), 0U);
}

TEST_F(QueryCoordinatorTest, ALoadGoesOnWhereAReleaseFailedMeanwhile) {
  ASSERT_TRUE(Load().ok());
  node_.parks = true;
  EXPECT_EQ(Release().message(), "no answer");
  const auto released = last_;
  base::Done second = std::move(node_.parked[1]);
  node_.parked.pop_back();
  node_.parks = false;
  const absl::Status away = base::Error(ErrorCode::kServiceUnavailable, "away");
  node_.Answer(away);
  EXPECT_FALSE(released->ok());
  node_.TakeCalls();
  ASSERT_TRUE(Load().ok());
  EXPECT_THAT(node_.TakeCalls(), ElementsAre("load 0 whole"));
  second(away);
  EXPECT_THAT(node_.TakeCalls(), ElementsAre("load 1 whole"));
}

TEST_F(QueryCoordinatorTest, ServedSegmentsAreThoseAskedThatANodeHas) {
  ASSERT_TRUE(Load().ok());
  node_.segments = {11, 12, 13};
  internal::ServedSegmentsRequest request;
  request.set_collection_id(kBooks);
  request.add_segment_ids(12);
  request.add_segment_ids(99);
  internal::ServedSegmentsReply reply;
  ASSERT_TRUE(Call(&role::QueryCoord::ServedSegments, request, &reply).ok());
  EXPECT_THAT(reply.segment_ids(), ElementsAre(12));
  internal::CollectionIdRequest all;
  all.set_collection_id(kBooks);
  internal::GetQuerySegmentInfoReply info;
  ASSERT_TRUE(Call(&role::QueryCoord::GetQuerySegmentInfo, all, &info).ok());
  ASSERT_EQ(info.segments_size(), 3);
  EXPECT_THAT(info.segments(0).node_ids(), ElementsAre(5));
}

}  // namespace
}  // namespace elanus::coordinator

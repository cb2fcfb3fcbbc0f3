#include "coordinator/data/data_coordinator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/data/fakes_for_test.h"
#include "segment/record/record.h"
#include "testing/fake_clock.h"
#include "testing/held_executor.h"

namespace elanus::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr std::int64_t kBooks = 7;
constexpr std::int64_t kPartition = 8;
constexpr std::int64_t kSecondNs = 1'000'000'000;

class DataCoordinatorTest : public ::testing::Test {
 protected:
  DataCoordinatorTest() {
    config_.gc_drop_tolerance_s = 100;
    EXPECT_TRUE(log_.CreateTopic("topic").ok());
    Restart();
    EXPECT_TRUE(Call(&role::DataCoord::WatchCollection, Books()).ok());
  }

  static internal::WatchCollectionRequest Books() {
    internal::WatchCollectionRequest request;
    internal::CollectionMeta& collection = *request.mutable_collection();
    collection.set_id(kBooks);
    collection.set_created_at(1);
    collection.add_partitions()->set_id(kPartition);
    internal::VChannelMeta& vchannel = *collection.add_vchannels();
    vchannel.set_topic("topic");
    vchannel.set_start_position(MemoryLog::PositionOf(0).Encode());
    return request;
  }

  void Restart() {
    coord_.emplace(DataCoordinator::Dependencies{.meta_store = store_,
                                                 .meta_copier = copier_,
                                                 .objects = objects_,
                                                 .broker = log_,
                                                 .root_coord = root_,
                                                 .query_coord = query_,
                                                 .data_node = node_,
                                                 .index_node = &index_,
                                                 .clock = clock_,
                                                 .timer = timer_,
                                                 .background = executor_,
                                                 .config = config_,
                                                 .open_bytes_max = 1'000'000,
                                                 .epoch = base::NodeId{1}});
    ASSERT_TRUE(coord_->Recover().ok());
    timer_.Clear();
    coord_->Start([](const absl::Status& status) { EXPECT_TRUE(status.ok()); });
  }

  template <typename Request, typename Reply>
  absl::Status Call(void (role::DataCoord::*method)(const base::OpContext&,
                                                    const Request&, Reply*,
                                                    base::Done),
                    const Request& request, Reply* reply) {
    std::optional<absl::Status> outcome;
    role::DataCoord& role = *coord_;
    (role.*method)(base::OpContext(), request, reply,
                   [&](absl::Status status) { outcome = std::move(status); });
    executor_.RunAll();
    return outcome.value_or(absl::DeadlineExceededError("parked"));
  }
  template <typename Request>
  absl::Status Call(void (role::DataCoord::*method)(const base::OpContext&,
                                                    const Request&,
                                                    internal::Empty*,
                                                    base::Done),
                    const Request& request) {
    internal::Empty reply;
    return Call(method, request, &reply);
  }

  // Everything that loops runs once.
  void Round() {
    timer_.RunDue();
    executor_.RunAll();
  }

  std::int64_t Begin() {
    internal::BeginAttemptRequest request;
    request.set_collection_id(kBooks);
    internal::BeginAttemptReply reply;
    EXPECT_TRUE(Call(&role::DataCoord::BeginAttempt, request, &reply).ok());
    return reply.attempt_id();
  }
  absl::Status End(std::int64_t attempt) {
    internal::EndAttemptRequest request;
    request.set_attempt_id(attempt);
    return Call(&role::DataCoord::EndAttempt, request);
  }

  static std::string FileOf(std::int64_t segment, std::int64_t attempt) {
    return fmt::format("segment/{}/{}/{}/{}/at.col", kBooks, kPartition,
                       segment, attempt);
  }

  absl::Status Commit(std::int64_t segment, std::int64_t attempt,
                      std::int64_t rows = 100, std::size_t closed_at = 1) {
    internal::CommitSegmentRequest request;
    request.set_attempt_id(attempt);
    internal::SegmentMeta& meta = *request.mutable_segment();
    meta.set_id(segment);
    meta.set_collection_id(kBooks);
    meta.set_partition_id(kPartition);
    meta.set_rows(rows);
    meta.set_bytes(rows * 10);
    meta.set_attempt_id(attempt);
    meta.set_min_at(1);
    meta.set_closed_at(MemoryLog::PositionOf(closed_at).Encode());
    EXPECT_TRUE(objects_.Put(FileOf(segment, attempt), "rows").ok());
    return Call(&role::DataCoord::CommitSegment, request);
  }
  absl::Status Commit(std::int64_t segment) { return Commit(segment, Begin()); }

  absl::Status Checkpoint(std::size_t from, std::size_t to,
                          std::uint64_t tombstones = 0) {
    internal::CommitCheckpointRequest request;
    request.set_collection_id(kBooks);
    request.set_previous_checkpoint(MemoryLog::PositionOf(from).Encode());
    request.set_checkpoint(MemoryLog::PositionOf(to).Encode());
    request.set_clock(100 + to);
    if (tombstones > 0) {
      request.set_attempt_id(Begin());
      internal::DeleteFileMeta& file = *request.mutable_delete_file();
      file.mutable_object()->set_name(
          fmt::format("delete/7-0/{}/deletes", request.attempt_id()));
      EXPECT_TRUE(objects_.Put(file.object().name(), "keys").ok());
      file.set_count(tombstones);
      file.set_min_at(100 + to);
      file.set_max_at(100 + to);
      file.set_max_upto(100 + to);
    }
    return Call(&role::DataCoord::CommitCheckpoint, request);
  }

  // The meta store does `steps` more transactions and then no other, until
  // MendStore.
  void BreakStore(int steps) { script_.dies_at = script_.steps + steps; }
  void MendStore() { script_.dies_at = Script::kNever; }

  absl::Status Drop() {
    internal::CollectionIdRequest request;
    request.set_collection_id(kBooks);
    return Call(&role::DataCoord::DropCollection, request);
  }

  // Enough rows for an index.
  absl::Status CommitLarge(std::int64_t segment) {
    return Commit(segment, Begin(), config_.index_min_rows);
  }
  static internal::CreateIndexRequest IndexOf(std::int64_t field,
                                              std::string type = "HNSW") {
    internal::CreateIndexRequest request;
    request.set_collection_id(kBooks);
    request.mutable_index()->set_field_id(field);
    request.mutable_index()->set_field_name(fmt::format("field{}", field));
    request.mutable_index()->set_index_type(std::move(type));
    request.mutable_index()->set_metric_type("L2");
    return request;
  }
  absl::Status CreateIndex() {
    return Call(&role::DataCoord::CreateIndex, IndexOf(101));
  }
  internal::IndexTaskState IndexState() {
    internal::DescribeIndexRequest request;
    request.set_collection_id(kBooks);
    internal::DescribeIndexReply reply;
    EXPECT_TRUE(Call(&role::DataCoord::DescribeIndex, request, &reply).ok());
    EXPECT_EQ(reply.indexes_size(), 1);
    return reply.indexes_size() == 1 ? reply.indexes(0).state()
                                     : internal::INDEX_FAILED;
  }
  // Carries out the build that waits; false if none or more than one does.
  bool BuildIndex() {
    if (index_.builds.size() != 1) return false;
    FakeIndexNode::Build build = std::move(index_.builds.front());
    index_.builds.clear();
    internal::CommitIndexRequest request;
    request.set_attempt_id(build.request.attempt_id());
    request.set_collection_id(kBooks);
    request.set_segment_id(build.request.segment().id());
    request.set_index_id(build.request.index().id());
    absl::Status committed = Call(&role::DataCoord::CommitIndex, request);
    const bool done = committed.ok();
    build.done(std::move(committed));
    executor_.RunAll();
    return done;
  }

  internal::Target Target() {
    internal::ShardRequest request;
    request.set_collection_id(kBooks);
    internal::GetTargetReply reply;
    EXPECT_TRUE(Call(&role::DataCoord::GetTarget, request, &reply).ok());
    return reply.target();
  }
  std::vector<std::int64_t> Live() {
    std::vector<std::int64_t> ids;
    const internal::Target target = Target();
    for (const auto& segment : target.segments()) ids.push_back(segment.id());
    return ids;
  }
  std::vector<std::int64_t> Unindexed() {
    std::vector<std::int64_t> ids;
    const internal::Target target = Target();
    for (const auto& index : target.indexes()) {
      if (index.state() != internal::INDEX_FINISHED) {
        ids.push_back(index.segment_id());
      }
    }
    return ids;
  }
  std::vector<std::int64_t> Gone() {
    const internal::Target target = Target();
    return {target.gone_segment_ids().begin(), target.gone_segment_ids().end()};
  }
  std::size_t Attempts() { return store_.KeysUnder("data/attempt/").size(); }

  // Records of the topic, as words.
  std::vector<segment::RecordType> Records() {
    std::vector<segment::RecordType> types;
    for (const base::Buffer& bytes : log_.topics["topic"]) {
      const auto record = segment::ParseRecord(bytes);
      EXPECT_TRUE(record.ok());
      types.push_back(record->type());
    }
    return types;
  }

  Script script_;
  MemoryMetaStore store_{script_};
  MemoryLog log_{script_};
  MemoryObjects objects_;
  storage::MetaCopier copier_{store_, objects_};
  FakeRootCoord root_;
  FakeQueryCoord query_;
  FakeDataNode node_;
  FakeIndexNode index_;
  testing::HeldExecutor executor_;
  ManualTimer timer_;
  testing::FakeClock clock_;
  base::Config config_;
  std::optional<DataCoordinator> coord_;
};

TEST_F(DataCoordinatorTest, ACommittedSegmentIsLiveAndItsAttemptHasEnded) {
  ASSERT_TRUE(Commit(20).ok());
  EXPECT_THAT(Live(), ElementsAre(20));
  EXPECT_EQ(Attempts(), 0);
}

TEST_F(DataCoordinatorTest, AnEndedAttemptCommitsNothing) {
  const std::int64_t attempt = Begin();
  ASSERT_TRUE(End(attempt).ok());
  EXPECT_FALSE(Commit(20, attempt).ok());
  EXPECT_THAT(Live(), IsEmpty());
}

TEST_F(DataCoordinatorTest, AttemptsOfAFormerRunAreEnded) {
  const std::int64_t attempt = Begin();
  Restart();
  EXPECT_EQ(Attempts(), 0);
  EXPECT_FALSE(Commit(20, attempt).ok());
}

TEST_F(DataCoordinatorTest, ASegmentWhoseAnswerWasLostIsCommittedOnce) {
  ASSERT_TRUE(Commit(20).ok());
  EXPECT_TRUE(Commit(20).ok());
  EXPECT_THAT(Live(), ElementsAre(20));
  EXPECT_EQ(Attempts(), 0);
}

TEST_F(DataCoordinatorTest, ACheckpointOfAStaleOwnerChangesNothing) {
  ASSERT_TRUE(Checkpoint(0, 5).ok());
  EXPECT_FALSE(Checkpoint(3, 9).ok());
  EXPECT_EQ(Target().channel().checkpoint(), MemoryLog::PositionOf(5).Encode());
}

TEST_F(DataCoordinatorTest, WhoAsksForAFlushHearsOfItsCheckpoint) {
  internal::GetFlushStateRequest request;
  request.set_collection_id(kBooks);
  request.set_flush_ts(103);
  internal::GetFlushStateReply reply;
  int answers = 0;
  const auto ask = [&] {
    coord_->GetFlushState(base::OpContext(), request, &reply,
                          [&](const absl::Status& status) {
                            EXPECT_TRUE(status.ok()) << status;
                            ++answers;
                          });
  };
  ask();
  ASSERT_TRUE(Checkpoint(0, 2).ok());
  EXPECT_EQ(answers, 0);
  ASSERT_TRUE(Checkpoint(2, 3).ok());
  EXPECT_EQ(answers, 1);
  EXPECT_TRUE(reply.flushed());
  request.set_flush_ts(104);
  ask();
  EXPECT_EQ(answers, 1);
  coord_->Stop();
  EXPECT_EQ(answers, 2);
  EXPECT_FALSE(reply.flushed());
}

TEST_F(DataCoordinatorTest, ACheckpointBringsItsDeleteFileAndEndsTheAttempt) {
  ASSERT_TRUE(Checkpoint(0, 5, /*tombstones=*/3).ok());
  const internal::Target target = Target();
  ASSERT_THAT(target.channel().delete_files(), SizeIs(1));
  EXPECT_EQ(target.channel().delete_files(0).count(), 3);
  EXPECT_EQ(Attempts(), 0);
}

TEST_F(DataCoordinatorTest, AFullSegmentIsClosedOnceUntilThatIsApplied) {
  internal::ChannelState& state = *node_.states.add_channels();
  state.set_collection_id(kBooks);
  auto& growing = *state.add_growing();
  growing.set_segment_id(20);
  growing.set_partition_id(kPartition);
  growing.set_rows(10);
  growing.set_bytes(config_.segment_max_mb << 20);
  growing.set_opened_at_ms(clock_.wall_ms);
  growing.set_last_write_ms(clock_.wall_ms);
  Round();
  Round();
  EXPECT_THAT(Records(), ElementsAre(segment::RecordType::kCloseSegments));
  state.set_applied(MemoryLog::PositionOf(1).Encode());
  Round();
  EXPECT_THAT(Records(), SizeIs(2));
}

TEST_F(DataCoordinatorTest, ASegmentThatFillsUpIsLookedAtAgainSoonAndOnce) {
  internal::ChannelState& state = *node_.states.add_channels();
  state.set_collection_id(kBooks);
  auto& growing = *state.add_growing();
  growing.set_rows(10);
  growing.set_opened_at_ms(clock_.wall_ms);
  growing.set_last_write_ms(clock_.wall_ms);
  Round();
  EXPECT_EQ(timer_.soon(), 0);
  growing.set_bytes(600'000);
  for (int i = 0; i < 3; ++i) {
    Round();
    EXPECT_EQ(timer_.soon(), 1);
  }
  EXPECT_THAT(Records(), IsEmpty());
  growing.set_closed(true);
  Round();
  EXPECT_EQ(timer_.soon(), 0);
}

TEST_F(DataCoordinatorTest, WhereMemoryIsShortTheLargestIsClosed) {
  internal::WatchCollectionRequest other = Books();
  other.mutable_collection()->set_id(kBooks + 1);
  ASSERT_TRUE(Call(&role::DataCoord::WatchCollection, other).ok());
  for (const std::int64_t collection : {kBooks, kBooks + 1}) {
    internal::ChannelState& state = *node_.states.add_channels();
    state.set_collection_id(collection);
    auto& growing = *state.add_growing();
    growing.set_segment_id(collection + 20);
    growing.set_rows(10);
    growing.set_bytes(collection == kBooks ? 600'000 : 300'000);
    growing.set_opened_at_ms(clock_.wall_ms);
    growing.set_last_write_ms(clock_.wall_ms);
  }
  Round();
  EXPECT_THAT(Records(), IsEmpty());
  node_.states.mutable_channels(0)->mutable_growing(0)->set_bytes(800'000);
  Round();
  ASSERT_THAT(Records(), SizeIs(1));
  const auto record = segment::ParseRecord(log_.topics["topic"][0]);
  EXPECT_EQ(record->header().vchannel.collection, base::CollectionId{kBooks});
}

TEST_F(DataCoordinatorTest, AFlushWaitsNoLongerThanItsCaller) {
  internal::CollectionIdRequest request;
  request.set_collection_id(kBooks);
  internal::FlushReply reply;
  EXPECT_TRUE(Call(&role::DataCoord::Flush, request, &reply).ok());
  base::OpContext ctx;
  ctx.Cancel();
  std::optional<absl::Status> flushed;
  coord_->Flush(ctx, request, &reply,
                [&](absl::Status status) { flushed = std::move(status); });
  executor_.RunAll();
  ASSERT_TRUE(flushed.has_value());
  EXPECT_EQ(base::CodeOf(*flushed), base::ErrorCode::kCancelled);
}

TEST_F(DataCoordinatorTest, AMergeSwapsItsInputsForItsOutput) {
  for (const std::int64_t id : {20, 21, 22, 23}) ASSERT_TRUE(Commit(id).ok());
  node_.output_rows = 400;
  Round();
  EXPECT_THAT(Live(), SizeIs(1));
  EXPECT_THAT(Gone(), UnorderedElementsAre(20, 21, 22, 23));
  EXPECT_EQ(Attempts(), 0);
}

TEST_F(DataCoordinatorTest, ASegmentIsUnindexedUntilItsIndexIsThere) {
  ASSERT_TRUE(CreateIndex().ok());
  ASSERT_TRUE(Commit(20, Begin(), config_.index_min_rows).ok());
  ASSERT_TRUE(Commit(21, Begin(), config_.index_min_rows - 1).ok());
  EXPECT_THAT(Unindexed(), ElementsAre(20));
  ASSERT_TRUE(BuildIndex());
  EXPECT_THAT(Unindexed(), IsEmpty());
}

TEST_F(DataCoordinatorTest, NobodyWaitsForAnIndexThatCannotBeBuilt) {
  ASSERT_TRUE(CreateIndex().ok());
  ASSERT_TRUE(Commit(20, Begin(), config_.index_min_rows).ok());
  int tries = 0;
  for (; !index_.builds.empty(); ++tries) {
    EXPECT_THAT(Unindexed(), ElementsAre(20));
    base::Done done = std::move(index_.builds.back().done);
    index_.builds.pop_back();
    query_.changes = 0;
    done(absl::InternalError("no"));
    executor_.RunAll();
    Round();
  }
  EXPECT_GT(tries, 1);
  EXPECT_THAT(Unindexed(), IsEmpty());
  EXPECT_EQ(query_.changes, 1);
}

TEST_F(DataCoordinatorTest, TheOutputOfAMergeNamesWhatItWasMadeFrom) {
  for (const std::int64_t id : {20, 21, 22, 23}) ASSERT_TRUE(Commit(id).ok());
  node_.output_rows = 400;
  Round();
  const internal::Target target = Target();
  ASSERT_THAT(target.segments(), SizeIs(1));
  EXPECT_THAT(target.segments(0).made_from(),
              UnorderedElementsAre(20, 21, 22, 23));
}

TEST_F(DataCoordinatorTest, AMergeThatLostAnInputChangesNothing) {
  for (const std::int64_t id : {20, 21, 22, 23}) ASSERT_TRUE(Commit(id).ok());
  node_.parks = true;
  Round();
  internal::PartitionIdRequest drop;
  drop.set_collection_id(kBooks);
  drop.set_partition_id(kPartition);
  ASSERT_TRUE(Call(&role::DataCoord::DropPartition, drop).ok());
  node_.output_rows = 400;
  node_.AnswerParked();
  executor_.RunAll();
  EXPECT_THAT(Live(), IsEmpty());
  EXPECT_EQ(Attempts(), 0);
}

TEST_F(DataCoordinatorTest, AFailedMergeIsTriedAgainMoreAndMoreSeldom) {
  for (const std::int64_t id : {20, 21, 22, 23}) ASSERT_TRUE(Commit(id).ok());
  node_.compact_answer = base::DataLoss("a file is damaged");
  std::vector<std::int64_t> tried_at;
  for (std::int64_t second = 0; second < 2000; second += 5) {
    const int before = node_.compactions;
    Round();
    if (node_.compactions > before) tried_at.push_back(second);
    clock_.monotonic_ns += 5 * kSecondNs;
  }
  EXPECT_THAT(tried_at, ElementsAre(0, 10, 30, 70, 150, 310, 630, 1230, 1830));
  EXPECT_EQ(Attempts(), 0);
}

TEST_F(DataCoordinatorTest, AFailedMergeIsTriedAtOnceWhenItIsAskedFor) {
  for (const std::int64_t id : {20, 21, 22, 23}) ASSERT_TRUE(Commit(id).ok());
  node_.compact_answer = base::DataLoss("a file is damaged");
  Round();
  node_.compact_answer = absl::OkStatus();
  node_.output_rows = 400;
  internal::ManualCompactionRequest request;
  request.set_collection_id(kBooks);
  internal::ManualCompactionReply reply;
  ASSERT_TRUE(Call(&role::DataCoord::ManualCompaction, request, &reply).ok());
  EXPECT_EQ(reply.plan_count(), 1);
  EXPECT_THAT(Live(), SizeIs(1));
}

TEST_F(DataCoordinatorTest, AReplacedSegmentIsKnownUntilTheCheckpointPassesIt) {
  for (const std::int64_t id : {20, 21, 22, 23}) {
    ASSERT_TRUE(Commit(id, Begin(), 100, /*closed_at=*/4).ok());
  }
  node_.output_rows = 400;
  Round();
  ASSERT_TRUE(Checkpoint(0, 4).ok());
  EXPECT_THAT(Gone(), SizeIs(4));
  ASSERT_TRUE(Checkpoint(4, 5).ok());
  EXPECT_THAT(Gone(), IsEmpty());
}

TEST_F(DataCoordinatorTest, OnlyThePartitionThatIsNamedIsCompacted) {
  ASSERT_TRUE(Commit(20).ok());
  ASSERT_TRUE(Commit(21).ok());
  internal::ManualCompactionRequest request;
  request.set_collection_id(kBooks);
  request.set_partition_id(kPartition + 1);
  internal::ManualCompactionReply reply;
  ASSERT_TRUE(Call(&role::DataCoord::ManualCompaction, request, &reply).ok());
  EXPECT_EQ(reply.plan_count(), 0);
  request.set_partition_id(kPartition);
  ASSERT_TRUE(Call(&role::DataCoord::ManualCompaction, request, &reply).ok());
  EXPECT_EQ(reply.plan_count(), 1);
}

TEST_F(DataCoordinatorTest, AnIndexThatWasMadeHalfwayIsBuiltOnTheNextRound) {
  ASSERT_TRUE(CommitLarge(20).ok());
  BreakStore(/*steps=*/1);
  EXPECT_FALSE(CreateIndex().ok());
  MendStore();
  EXPECT_EQ(IndexState(), internal::INDEX_IN_PROGRESS);
  Round();
  EXPECT_TRUE(BuildIndex());
  EXPECT_EQ(IndexState(), internal::INDEX_FINISHED);
}

TEST_F(DataCoordinatorTest, AnIndexThatWasMadeHalfwayIsBuiltWhenItIsMadeAgain) {
  ASSERT_TRUE(CommitLarge(20).ok());
  BreakStore(/*steps=*/1);
  EXPECT_FALSE(CreateIndex().ok());
  MendStore();
  EXPECT_TRUE(CreateIndex().ok());
  EXPECT_TRUE(BuildIndex());
  EXPECT_EQ(IndexState(), internal::INDEX_FINISHED);
}

TEST_F(DataCoordinatorTest, ASegmentWhoseTasksCouldNotBeMadeGetsThemLater) {
  ASSERT_TRUE(CreateIndex().ok());
  const std::int64_t attempt = Begin();
  BreakStore(/*steps=*/1);
  ASSERT_TRUE(Commit(20, attempt, config_.index_min_rows).ok());
  MendStore();
  Round();
  EXPECT_TRUE(BuildIndex());
  EXPECT_EQ(IndexState(), internal::INDEX_FINISHED);
}

TEST_F(DataCoordinatorTest, ABuildWhoseEndCouldNotBeWrittenIsIssuedAgain) {
  ASSERT_TRUE(CreateIndex().ok());
  ASSERT_TRUE(CommitLarge(20).ok());
  ASSERT_THAT(index_.builds, SizeIs(1));
  FakeIndexNode::Build build = std::move(index_.builds.front());
  index_.builds.clear();
  BreakStore(/*steps=*/0);
  build.done(absl::UnavailableError("index node is away"));
  executor_.RunAll();
  MendStore();
  Round();
  EXPECT_TRUE(BuildIndex());
  EXPECT_EQ(IndexState(), internal::INDEX_FINISHED);
  EXPECT_EQ(Attempts(), 0);
}

TEST_F(DataCoordinatorTest, OfTwoIndexesMadeAtOnceOnOneFieldOneIsRefused) {
  const internal::CreateIndexRequest hnsw = IndexOf(101);
  const internal::CreateIndexRequest flat = IndexOf(101, "FLAT");
  internal::Empty reply;
  std::optional<absl::Status> second;
  coord_->CreateIndex(base::OpContext(), flat, &reply,
                      [&](absl::Status status) { second = std::move(status); });
  // While the one writes its record, another thread runs what it can.
  store_.before_txn = [this] { executor_.RunAll(); };
  const absl::Status first = Call(&role::DataCoord::CreateIndex, hnsw);
  ASSERT_TRUE(second.has_value());
  EXPECT_NE(first.ok(), second->ok());
  EXPECT_THAT(store_.KeysUnder("data/index/"), SizeIs(1));
}

TEST_F(DataCoordinatorTest, AnIndexWhoseDropIsInDoubtIsNotTakenForThere) {
  ASSERT_TRUE(CreateIndex().ok());
  internal::DropIndexRequest request;
  request.set_collection_id(kBooks);
  script_.last_is_done = true;
  BreakStore(0);
  store_.reads_fail = true;
  EXPECT_FALSE(Call(&role::DataCoord::DropIndex, request).ok());
  MendStore();
  EXPECT_FALSE(CreateIndex().ok()) << "nobody knows yet";
  store_.reads_fail = false;
  EXPECT_TRUE(CreateIndex().ok());
  EXPECT_THAT(store_.KeysUnder("data/index/"), SizeIs(1));
}

TEST_F(DataCoordinatorTest, TheIndexOfALoadedCollectionIsNotDropped) {
  ASSERT_TRUE(CreateIndex().ok());
  internal::DropIndexRequest request;
  request.set_collection_id(kBooks);
  query_.loaded = true;
  EXPECT_EQ(base::MessageOf(Call(&role::DataCoord::DropIndex, request)),
            "index cannot be dropped, collection is loaded, please release it "
            "first");
  query_.loaded = false;
  // A load begins after query coord was asked.
  store_.before_txn = [this] {
    store_.map["query/load/7"] = {.value = "", .revision = 1};
  };
  EXPECT_EQ(base::MessageOf(Call(&role::DataCoord::DropIndex, request)),
            "index cannot be dropped, collection is loaded, please release it "
            "first");
  store_.before_txn = nullptr;
  EXPECT_THAT(store_.KeysUnder("data/index/"), SizeIs(1));
  store_.map.erase("query/load/7");
  EXPECT_TRUE(Call(&role::DataCoord::DropIndex, request).ok());
  EXPECT_THAT(store_.KeysUnder("data/index/"), IsEmpty());
}

TEST_F(DataCoordinatorTest, ADroppedCollectionGetsNoIndex) {
  ASSERT_TRUE(Drop().ok());
  EXPECT_EQ(base::CodeOf(CreateIndex()), base::ErrorCode::kCollectionNotFound);
  internal::DescribeIndexRequest request;
  request.set_collection_id(kBooks);
  internal::DescribeIndexReply reply;
  EXPECT_EQ(
      base::CodeOf(Call(&role::DataCoord::DescribeIndex, request, &reply)),
      base::ErrorCode::kIndexNotFound);
}

TEST_F(DataCoordinatorTest, ABuildThatRunsIsNotIssuedAgain) {
  ASSERT_TRUE(CreateIndex().ok());
  ASSERT_TRUE(CommitLarge(20).ok());
  Round();
  Round();
  EXPECT_TRUE(BuildIndex());
  EXPECT_EQ(IndexState(), internal::INDEX_FINISHED);
}

TEST_F(DataCoordinatorTest, DeletedRowsAreRewrittenWhenTheRetentionIsOver) {
  ASSERT_TRUE(Commit(20).ok());
  ASSERT_TRUE(Checkpoint(0, 5, /*tombstones=*/50).ok());
  clock_.wall_ms = config_.retention_s * 1000;
  Round();
  EXPECT_EQ(node_.compactions, 0);
  clock_.wall_ms += 1000;
  Round();
  EXPECT_EQ(node_.compactions, 1);
}

TEST_F(DataCoordinatorTest, FoldedRowsAreDroppedWhenTheRetentionIsOver) {
  clock_.wall_ms = config_.retention_s * 1000;
  ASSERT_TRUE(Commit(20).ok());
  ASSERT_TRUE(Checkpoint(0, 5, /*tombstones=*/50).ok());
  node_.output_rows = 100;
  node_.output_deleted_rows = 50;
  internal::ManualCompactionRequest request;
  request.set_collection_id(kBooks);
  internal::ManualCompactionReply reply;
  ASSERT_TRUE(Call(&role::DataCoord::ManualCompaction, request, &reply).ok());
  ASSERT_EQ(node_.compactions, 1);
  Round();
  EXPECT_EQ(node_.compactions, 1);
  clock_.wall_ms += 1000;
  Round();
  EXPECT_EQ(node_.compactions, 2);
}

TEST_F(DataCoordinatorTest, DeleteFilesThatNoSegmentNeedsAreForgotten) {
  for (std::size_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(Checkpoint(i, i + 1, /*tombstones=*/3).ok());
  }
  Round();
  EXPECT_THAT(Target().channel().delete_files(), IsEmpty());
}

TEST_F(DataCoordinatorTest, AMergeOfDeleteFilesKeepsWhatCameMeanwhile) {
  clock_.wall_ms = 0;
  ASSERT_TRUE(Commit(20, Begin(), /*rows=*/1'000'000).ok());
  for (std::size_t i = 0; i < 10; ++i) {
    ASSERT_TRUE(Checkpoint(i, i + 1, /*tombstones=*/3).ok());
  }
  node_.parks = true;
  Round();
  ASSERT_TRUE(Checkpoint(10, 11, /*tombstones=*/5).ok());
  node_.AnswerParked();
  executor_.RunAll();
  const internal::Target target = Target();
  ASSERT_THAT(target.channel().delete_files(), SizeIs(2));
  EXPECT_EQ(target.channel().delete_files(0).count(), 30);
  EXPECT_EQ(target.channel().delete_files(1).count(), 5);
  EXPECT_EQ(Attempts(), 0);
}

TEST_F(DataCoordinatorTest, AFailedMergeOfDeleteFilesIsLeftAloneForAWhile) {
  clock_.wall_ms = 0;
  ASSERT_TRUE(Commit(20, Begin(), /*rows=*/1'000'000).ok());
  for (std::size_t i = 0; i < 10; ++i) {
    ASSERT_TRUE(Checkpoint(i, i + 1, /*tombstones=*/3).ok());
  }
  node_.merge_answer = base::DataLoss("a delete file is damaged");
  Round();
  Round();
  EXPECT_EQ(node_.delete_merges, 1);
  node_.merge_answer = absl::OkStatus();
  clock_.monotonic_ns += 10 * kSecondNs;
  Round();
  EXPECT_EQ(node_.delete_merges, 2);
  EXPECT_THAT(Target().channel().delete_files(), SizeIs(1));
}

TEST_F(DataCoordinatorTest, TheLogIsTruncatedBehindACopyOfTheMetadata) {
  ASSERT_TRUE(Checkpoint(0, 5).ok());
  EXPECT_THAT(log_.truncated, IsEmpty());
  objects_.fails = true;
  Round();
  EXPECT_THAT(log_.truncated, IsEmpty()) << "no copy could be written";
  objects_.fails = false;
  Round();
  EXPECT_EQ(log_.truncated["topic"], MemoryLog::PositionOf(5));
  const auto copy = storage::ReadNewestCopy(objects_);
  ASSERT_TRUE(copy.ok());
  EXPECT_THAT(copy->entries, ::testing::Contains(::testing::Field(
                                 &storage::MetaEntry::value,
                                 ::testing::HasSubstr("00000005"))));
}

TEST_F(DataCoordinatorTest, TheWholeLogGoesWithTheLastCollectionOfItsTopic) {
  log_.topics["topic"].resize(3);
  ASSERT_TRUE(Drop().ok());
  Round();
  EXPECT_EQ(log_.truncated["topic"], MemoryLog::PositionOf(3));
}

TEST_F(DataCoordinatorTest, ADropThatIsRepeatedTruncatesTheLogToo) {
  log_.topics["topic"].resize(3);
  ASSERT_TRUE(Commit(20).ok());
  BreakStore(/*steps=*/1);
  EXPECT_FALSE(Drop().ok());
  Round();
  MendStore();
  log_.truncated.clear();
  ASSERT_TRUE(Drop().ok());
  clock_.monotonic_ns += kSecondNs;
  Round();
  EXPECT_EQ(log_.truncated["topic"], MemoryLog::PositionOf(3));
}

TEST_F(DataCoordinatorTest,
       ACollectionMadeWhileTheMetadataIsCopiedKeepsItsLog) {
  log_.topics["topic"].resize(3);
  ASSERT_TRUE(Drop().ok());
  internal::WatchCollectionRequest other = Books();
  other.mutable_collection()->set_id(kBooks + 1);
  other.mutable_collection()->mutable_vchannels(0)->clear_start_position();
  objects_.before_put = [&] {
    EXPECT_TRUE(Call(&role::DataCoord::WatchCollection, other).ok());
  };
  Round();
  ASSERT_TRUE(log_.truncated.contains("topic"));
  EXPECT_EQ(log_.truncated["topic"], storage::Position());
}

TEST_F(DataCoordinatorTest, ARestartTruncatesWhatTheFormerRunDidNot) {
  storage::MetaTxn txn;
  txn.puts.push_back(PutNumber(keys::kPchannels, 1));
  ASSERT_TRUE(store_.Txn(txn).ok());
  log_.topics["elanus-dml_0"].resize(2);
  Restart();
  Round();
  EXPECT_EQ(log_.truncated["elanus-dml_0"], MemoryLog::PositionOf(2));
}

TEST_F(DataCoordinatorTest, NothingIsDeletedThatTheNewestCopyNames) {
  ASSERT_TRUE(objects_.Put(FileOf(99, 98), "rows").ok());
  Round();
  clock_.monotonic_ns += 100 * kSecondNs;
  ASSERT_TRUE(Commit(20).ok());  // not in the last copy
  objects_.fails = true;
  Round();
  EXPECT_THAT(objects_.Files(), SizeIs(2));
  objects_.fails = false;
  Round();
  EXPECT_THAT(objects_.Files(), ElementsAre(::testing::HasSubstr("/20/")));
}

TEST_F(DataCoordinatorTest, GarbageGoesAfterTheTolerance) {
  ASSERT_TRUE(objects_.Put(FileOf(99, 98), "rows").ok());
  ASSERT_TRUE(Commit(20).ok());
  const std::string written = FileOf(50, Begin());
  ASSERT_TRUE(objects_.Put(written, "rows").ok());
  Round();
  clock_.monotonic_ns += 99 * kSecondNs;
  Round();
  EXPECT_THAT(objects_.Files(), SizeIs(3));
  clock_.monotonic_ns += kSecondNs;
  Round();
  EXPECT_THAT(objects_.Files(), SizeIs(2));
  EXPECT_TRUE(objects_.objects.contains(written)) << "of a live attempt";
}

TEST_F(DataCoordinatorTest, FilesOfACommitThatHappenedLateStay) {
  const std::int64_t attempt = Begin();
  const std::string written = FileOf(50, attempt);
  ASSERT_TRUE(objects_.Put(written, "rows").ok());
  // The meta store did it after data coord had asked.
  internal::SegmentMeta late;
  late.set_id(50);
  late.set_attempt_id(attempt);
  storage::MetaTxn txn;
  txn.puts.push_back(PutRecord(
      keys::Segment(base::CollectionId{kBooks}, base::SegmentId{50}), late));
  txn.deletes.push_back(keys::Attempt(base::AttemptId{attempt}));
  ASSERT_TRUE(store_.Txn(txn).ok());
  ASSERT_TRUE(End(attempt).ok());
  Round();
  clock_.monotonic_ns += 100 * kSecondNs;
  Round();
  EXPECT_THAT(objects_.Files(), ElementsAre(written));
}

TEST_F(DataCoordinatorTest, FilesOfASegmentThatIsServedStay) {
  const std::string served = FileOf(99, 98);
  ASSERT_TRUE(objects_.Put(served, "rows").ok());
  ASSERT_TRUE(objects_.Put(FileOf(97, 96), "rows").ok());
  query_.served = {99};
  Round();
  clock_.monotonic_ns += 100 * kSecondNs;
  query_.answer = absl::UnavailableError("query coord is away");
  Round();
  EXPECT_THAT(objects_.Files(), SizeIs(2)) << "nobody could be asked";
  query_.answer = absl::OkStatus();
  Round();
  EXPECT_THAT(objects_.Files(), ElementsAre(served));
  query_.served.clear();
  Round();
  EXPECT_THAT(objects_.Files(), IsEmpty());
}

TEST_F(DataCoordinatorTest, ADroppedCollectionLeavesGarbageOnly) {
  ASSERT_TRUE(Commit(20).ok());
  ASSERT_TRUE(Checkpoint(0, 5, /*tombstones=*/3).ok());
  ASSERT_TRUE(Drop().ok());
  EXPECT_THAT(store_.KeysUnder("data/"), IsEmpty());
  Round();
  clock_.monotonic_ns += 100 * kSecondNs;
  Round();
  EXPECT_THAT(objects_.Files(), IsEmpty());
}

}  // namespace
}  // namespace elanus::coordinator

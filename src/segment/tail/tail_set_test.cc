#include "segment/tail/tail_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "base/timer.h"
#include "segment/rows_maker_test.h"
#include "segment/tail/settled_tail_test.h"
#include "testing/faulty_log_folder.h"
#include "testing/local_storage.h"

namespace elanus::segment {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr VchannelKey kA{.collection = base::CollectionId{7}, .shard = 0};
constexpr VchannelKey kB{.collection = base::CollectionId{8}, .shard = 1};
constexpr base::PartitionId kPartition{1};

// Writes down what it is told.
class Recorder final : public TailListener {
 public:
  void OnTombstones(std::span<const TombstoneRun> runs) override {
    for (const TombstoneRun& run : runs) {
      for (std::size_t i = 0; i < run.keys.rows; ++i) {
        tombstones.push_back(std::get<std::int64_t>(KeyAt(run.keys, i)));
      }
    }
  }
  void OnSegmentOpened(const std::shared_ptr<GrowingSegment>& s) override {
    opened.push_back(s->id());
  }
  void OnSegmentClosed(const std::shared_ptr<GrowingSegment>& segment,
                       const storage::Position& next) override {
    closed.emplace(segment->id(), next);
  }
  void OnSealPoint(const SealPoint& point) override {
    seal_points.push_back(point);
  }
  void OnPartitionDropped(base::PartitionId id) override {
    dropped.push_back(id);
  }
  void OnStopped(const absl::Status& status) override { stopped = status; }

  std::vector<std::int64_t> tombstones;
  std::vector<base::SegmentId> opened;
  std::map<base::SegmentId, storage::Position> closed;
  std::vector<SealPoint> seal_points;
  std::vector<base::PartitionId> dropped;
  absl::Status stopped;
};

// What a segment shows: key and time of each row visible at the end.
using Contents = std::map<base::SegmentId,
                          std::vector<std::pair<std::int64_t, std::uint64_t>>>;

class TailSetTest : public ::testing::Test {
 protected:
  void SetUp() override { tails_ = NewTails(); }
  void TearDown() override {
    tails_ = nullptr;
    log_ = nullptr;
  }

  std::unique_ptr<TailSet> NewTails() {
    return std::make_unique<TailSet>(*log_,
                                     TailServices{.budget = budget_,
                                                  .clock = base::SystemClock(),
                                                  .timer = timer_,
                                                  .executor = pool_});
  }

  VchannelSpec Spec(VchannelKey key) {
    return {.key = key, .topic = "t", .schema = TestSchema()};
  }

  std::shared_ptr<VchannelTail> Watch(VchannelSpec spec) {
    auto tail = tails_->Watch(std::move(spec));
    EXPECT_TRUE(tail.ok()) << tail.status();
    return *tail;
  }

  RecordHeader Header(VchannelKey key) {
    return {.vchannel = key,
            .writer = base::WriterId{1},
            .sequence = ++sequence_,
            .proposed = {sequence_ * 10}};
  }

  storage::AppendResult Append(base::Buffer record) {
    std::promise<storage::AppendResult> appended;
    log_->Append("t", std::move(record), [&](auto result) {
      EXPECT_TRUE(result.ok()) << result.status();
      appended.set_value(*result);
    });
    end_ = appended.get_future().get();
    return end_;
  }

  storage::AppendResult Insert(VchannelKey key, std::vector<std::int64_t> keys,
                               RecordType type = RecordType::kInsert,
                               base::PartitionId partition = kPartition) {
    RecordHeader header = Header(key);
    header.type = type;
    std::vector<TestRow> rows;
    for (const std::int64_t id : keys) rows.push_back({.key = id});
    const PartitionRun run{
        .partition = partition,
        .segment = base::SegmentId{static_cast<std::int64_t>(sequence_)}};
    return Append(RowsRecord(header, rows, run).buffer());
  }

  storage::AppendResult Delete(VchannelKey key, std::int64_t id,
                               std::uint64_t upto = 0) {
    const types::ColumnView keys{.type = types::DataType::kInt64,
                                 .rows = 1,
                                 .values = std::as_bytes(std::span(&id, 1))};
    return Append(*BuildDelete(Header(key), {.keys = keys, .upto = {upto}}));
  }

  storage::AppendResult Close(VchannelKey key) {
    return Append(*BuildCloseSegments(Header(key), {}));
  }

  Contents ContentsOf(const VchannelTail& tail) {
    Contents contents;
    const base::Timestamp read_ts = tail.clock();
    const auto segments = tail.growing();
    for (const auto& segment : *segments) {
      auto& rows = contents[segment->id()];
      const std::vector<FoundRow> found = *Retrieve(
          {}, *segment, {.schema = TestSchema(), .read_ts = read_ts}, {});
      for (const FoundRow& row : found) {
        rows.emplace_back(std::get<std::int64_t>(row.key), row.at.value);
      }
    }
    return contents;
  }

  void RandomStep(std::mt19937& random, VchannelKey key) {
    const auto id = static_cast<std::int64_t>(random() % 30);
    switch (random() % 8) {
      case 0:
        Close(key);
        break;
      case 1:
        Delete(key, id, random() % 2 == 0 ? sequence_ * 9 : 0);
        break;
      default:
        Insert(key, {id, id + 1, id + 2},
               random() % 2 == 0 ? RecordType::kInsert : RecordType::kUpsert,
               base::PartitionId{1 + static_cast<int>(random() % 2)});
    }
  }

  testing::TempFolder folder_;
  base::MemoryBudget budget_{std::int64_t{1} << 40};
  base::ThreadPool pool_{{.name = "reads", .threads = 2}};
  base::ThreadTimer timer_{pool_};
  std::unique_ptr<storage::EmbeddedLog> log_ = testing::OpenLog(folder_);
  std::unique_ptr<TailSet> tails_;
  std::uint64_t sequence_ = 0;
  storage::AppendResult end_;
};

TEST_F(TailSetTest, EachVchannelGetsItsOwnRecordsOnly) {
  const auto a = Watch(Spec(kA));
  const auto b = Watch(Spec(kB));
  Insert(kA, {1, 2});
  Insert(kB, {3});
  Insert(kA, {2}, RecordType::kUpsert);
  ASSERT_TRUE(WaitUntilApplied(*a, end_.next).ok());
  ASSERT_TRUE(WaitUntilApplied(*b, end_.next).ok());
  EXPECT_EQ(ContentsOf(*a),
            (Contents{{base::SegmentId{1}, {{1, 10}, {2, 30}}}}));
  EXPECT_EQ(ContentsOf(*b), (Contents{{base::SegmentId{2}, {{3, 20}}}}));
  EXPECT_EQ(a->clock().value, 30u);
  EXPECT_EQ(b->clock().value, 20u);
}

TEST_F(TailSetTest,
       AVchannelThatStartsFurtherBackGetsAllAndOthersNothingTwice) {
  Insert(kA, {1});
  Insert(kB, {2});
  const auto a = Watch(Spec(kA));
  ASSERT_TRUE(WaitUntilApplied(*a, end_.next).ok());
  Insert(kA, {3});
  ASSERT_TRUE(WaitUntilApplied(*a, end_.next).ok());
  const auto b = Watch(Spec(kB));
  ASSERT_TRUE(WaitUntilApplied(*b, end_.next).ok());
  EXPECT_EQ(a->growing()->front()->rows(), 2u);
  EXPECT_EQ(b->growing()->front()->rows(), 1u);
  Insert(kB, {4});
  ASSERT_TRUE(WaitUntilApplied(*b, end_.next).ok());
  ASSERT_TRUE(WaitUntilApplied(*a, end_.next).ok());
  EXPECT_EQ(b->growing()->front()->rows(), 2u);
  EXPECT_EQ(a->growing()->front()->rows(), 2u);
}

TEST_F(TailSetTest, ReplayFromAnySealPointGivesTheRowsOfReplayFromTheStart) {
  std::size_t points = 0;
  for (unsigned seed = 0; seed < 6; ++seed) {
    std::mt19937 random(seed);
    const auto tail = Watch(Spec(kA));
    const auto recorder = std::make_shared<Recorder>();
    Join(*tail, TailUser::kDataNode, recorder);
    for (int i = 0; i < 60; ++i) RandomStep(random, i % 4 == 3 ? kB : kA);
    ASSERT_TRUE(WaitUntilApplied(*tail, end_.next).ok());
    const Contents whole = ContentsOf(*tail);
    points += recorder->seal_points.size();
    for (const SealPoint& point : recorder->seal_points) {
      const auto others = NewTails();
      VchannelSpec spec = Spec(kA);
      spec.start = point.position;
      spec.replay_state = point.replay_state;
      const auto again = *others->Watch(std::move(spec));
      ASSERT_TRUE(WaitUntilApplied(*again, end_.next).ok());
      EXPECT_EQ(again->clock(), tail->clock());
      Contents later = whole;
      std::erase_if(later, [&](const auto& entry) {
        const auto closed = recorder->closed.find(entry.first);
        return closed != recorder->closed.end() &&
               closed->second <= point.position;
      });
      EXPECT_EQ(ContentsOf(*again), later);
    }
    // The next one begins with an empty log: of what was replayed before it
    // joined, its listener would hear nothing.
    tails_ = NewTails();
    ASSERT_TRUE(log_->DropTopic("t").ok());
    ASSERT_TRUE(log_->CreateTopic("t").ok());
  }
  EXPECT_GE(points, 6u);
}

TEST_F(TailSetTest, RowsThatAreInFilesAreNotTakenFromTheLog) {
  Insert(kA, {1});
  const storage::AppendResult closed = Close(kA);
  Insert(kA, {2});
  VchannelSpec spec = Spec(kA);
  spec.synced_to[base::SegmentId{1}] = closed.next;
  const auto tail = Watch(std::move(spec));
  ASSERT_TRUE(WaitUntilApplied(*tail, end_.next).ok());
  EXPECT_EQ(ContentsOf(*tail), (Contents{{base::SegmentId{3}, {{2, 30}}}}));
}

TEST_F(TailSetTest, SealPointsAreThereWhereNothingIsOpen) {
  const auto tail = Watch(Spec(kA));
  const auto recorder = std::make_shared<Recorder>();
  Join(*tail, TailUser::kDataNode, recorder);
  Insert(kB, {5});
  ASSERT_TRUE(WaitUntilApplied(*tail, end_.next).ok());
  EXPECT_EQ(SealPointOf(*tail)->position, end_.next);
  Insert(kA, {1});
  ASSERT_TRUE(WaitUntilApplied(*tail, end_.next).ok());
  EXPECT_FALSE(SealPointOf(*tail).has_value());
  EXPECT_EQ(tail->unwritten().rows, 1u);
  Close(kA);
  ASSERT_TRUE(WaitUntilApplied(*tail, end_.next).ok());
  ASSERT_THAT(recorder->seal_points, SizeIs(1));
  EXPECT_EQ(recorder->seal_points[0].position, end_.next);
  EXPECT_EQ(recorder->seal_points[0].clock, tail->clock());
  Close(kA);
  ASSERT_TRUE(WaitUntilApplied(*tail, end_.next).ok());
  EXPECT_THAT(recorder->seal_points, SizeIs(2));
}

TEST_F(TailSetTest, AClosedSegmentLeavesWhenAllItsUsersHaveReleasedIt) {
  const auto tail = Watch(Spec(kA));
  Join(*tail, TailUser::kDataNode, std::make_shared<Recorder>());
  Join(*tail, TailUser::kQueryNode, std::make_shared<Recorder>());
  Insert(kA, {1});
  ASSERT_TRUE(WaitUntilApplied(*tail, end_.next).ok());
  tail->ReleaseSegment(base::SegmentId{1}, TailUser::kDataNode);
  tail->ReleaseSegment(base::SegmentId{1}, TailUser::kQueryNode);
  EXPECT_THAT(*tail->growing(), SizeIs(1)) << "it is still open";
  Close(kA);
  Insert(kA, {2});
  Close(kA);
  ASSERT_TRUE(WaitUntilApplied(*tail, end_.next).ok());
  tail->ReleaseSegment(base::SegmentId{1}, TailUser::kDataNode);
  EXPECT_THAT(*tail->growing(), SizeIs(2));
  EXPECT_EQ(tail->unwritten().segments, 1u);
  tail->ReleaseSegment(base::SegmentId{1}, TailUser::kQueryNode);
  EXPECT_THAT(*tail->growing(), SizeIs(1));
  tail->ReleaseSegment(base::SegmentId{3}, TailUser::kDataNode);
  EXPECT_THAT(*tail->growing(), SizeIs(1));
  tail->RemoveListener(TailUser::kQueryNode, nullptr);
  DoAtBoundary(*tail, [] {});
  EXPECT_THAT(*tail->growing(), IsEmpty());
}

TEST_F(TailSetTest, WaitingEndsByReplayDeadlineCancellationOrTheEndOfWatching) {
  const auto tail = Watch(Spec(kA));
  Insert(kA, {1});
  ASSERT_TRUE(WaitUntilApplied(*tail, end_.next).ok());
  const storage::Position later = storage::Position::FromBytes(
      std::string(storage::Position::kMaxSize, '\xFF'));
  const std::int64_t soon = base::SystemClock().MonotonicNs() + 30'000'000;
  EXPECT_EQ(base::CodeOf(WaitUntilApplied(
                *tail, later, base::OpContext(base::SystemClock(), soon, ""))),
            base::ErrorCode::kDeadlineExceeded);
  const base::OpContext ctx;
  std::promise<base::ErrorCode> cancelled;
  tail->WaitFor(later, ctx, [&](const absl::Status& status) {
    cancelled.set_value(base::CodeOf(status));
  });
  ctx.Cancel();
  EXPECT_EQ(cancelled.get_future().get(), base::ErrorCode::kCancelled);
  std::promise<base::ErrorCode> ended;
  tail->WaitFor(later, {}, [&](const absl::Status& status) {
    ended.set_value(base::CodeOf(status));
  });
  tails_->Unwatch(kA);
  EXPECT_EQ(ended.get_future().get(), base::ErrorCode::kChannelNotAvailable);
}

TEST_F(TailSetTest, ADamagedRecordStopsTheTailBeforeIt) {
  const auto tail = Watch(Spec(kA));
  const storage::Position whole = Insert(kA, {1}).next;
  Append(base::Buffer::FromString("no record at all"));
  Insert(kA, {2});
  EXPECT_EQ(base::CodeOf(WaitUntilApplied(*tail, end_.next)),
            base::ErrorCode::kDataIntegrity);
  EXPECT_EQ(tail->applied(), whole);
  EXPECT_EQ(tail->growing()->front()->rows(), 1u);
}

// The same records, each in memory once, however often the disk fails.
TEST_F(TailSetTest, ReadsThatFailForAWhileLeaveNoGapAndNothingTwice) {
  tails_ = nullptr;
  const auto disk = std::make_shared<testing::FaultyDisk>();
  log_ = *storage::EmbeddedLog::Open(
      disk->OpenFolder(), {.recent_bytes = 0, .retries = {.enabled = true}});
  ASSERT_TRUE(log_->CreateTopic("t").ok());
  tails_ = NewTails();
  std::mt19937 random(1);
  for (int i = 0; i < 40; ++i) RandomStep(random, i % 3 == 0 ? kB : kA);
  const auto expected = Watch(Spec(kA));
  ASSERT_TRUE(WaitUntilApplied(*expected, end_.next).ok());
  const Contents contents = ContentsOf(*expected);
  const std::uint64_t clock = expected->clock().value;
  for (const int skipped : {0, 1, 7, 20, 39}) {
    SCOPED_TRACE(skipped);
    tails_ = NewTails();
    disk->FailNext(
        testing::FaultyDisk::Op::kRead,
        base::Error(base::ErrorCode::kIoFailed, "the cable is loose"), skipped,
        /*times=*/2);
    const auto tail = Watch(Spec(kA));
    ASSERT_TRUE(WaitUntilApplied(*tail, end_.next).ok());
    EXPECT_EQ(ContentsOf(*tail), contents);
    EXPECT_EQ(tail->clock().value, clock);
  }
}

TEST_F(TailSetTest, ListenersJoinAtABoundaryAndMissNothing) {
  const auto tail = Watch(Spec(kA));
  Insert(kA, {1});
  ASSERT_TRUE(WaitUntilApplied(*tail, end_.next).ok());
  const auto recorder = std::make_shared<Recorder>();
  const VchannelTail::Joined here = Join(*tail, TailUser::kQueryNode, recorder);
  EXPECT_THAT(*here.growing, SizeIs(1));
  EXPECT_EQ(here.clock, tail->clock());
  Delete(kA, 1);
  Close(kA);
  Insert(kA, {5});
  ASSERT_TRUE(WaitUntilApplied(*tail, end_.next).ok());
  EXPECT_THAT(recorder->tombstones, ElementsAre(1));
  EXPECT_THAT(recorder->opened, ElementsAre(base::SegmentId{4}));
  EXPECT_THAT(recorder->closed, SizeIs(1));
}

TEST_F(TailSetTest, ADroppedPartitionLeavesMemoryAtOnce) {
  const auto tail = Watch(Spec(kA));
  const auto recorder = std::make_shared<Recorder>();
  Join(*tail, TailUser::kDataNode, recorder);
  Insert(kA, {1});
  Insert(kA, {2}, RecordType::kInsert, base::PartitionId{2});
  Append(*BuildDropPartition(Header(kA), kPartition, "p"));
  ASSERT_TRUE(WaitUntilApplied(*tail, end_.next).ok());
  EXPECT_EQ(ContentsOf(*tail), (Contents{{base::SegmentId{2}, {{2, 20}}}}));
  EXPECT_THAT(recorder->dropped, ElementsAre(kPartition));
  EXPECT_THAT(recorder->closed, IsEmpty());
  EXPECT_TRUE(tail->IsDropped(kPartition));
  EXPECT_FALSE(tail->IsDropped(base::PartitionId{2}));
}

TEST_F(TailSetTest, PinnedTombstonesSurviveTheCheckpointThatHoldsThem) {
  const auto tail = Watch(Spec(kA));
  Delete(kA, 1);
  Delete(kA, 2);
  ASSERT_TRUE(WaitUntilApplied(*tail, end_.next).ok());
  TombstoneLog& log = tail->tombstones();
  TombstonePin pin = log.Pin();
  log.Trim({10});
  EXPECT_THAT(*log.Between({0}, {20}), SizeIs(2));
  pin.Release();
  EXPECT_FALSE(log.Between({0}, {20}).ok());
  const TombstoneBatches left = *log.Between({10}, {20});
  ASSERT_THAT(left, SizeIs(1));
  EXPECT_EQ(KeyAt(left[0]->run().keys, 0), KeyView(std::int64_t{2}));
  EXPECT_EQ(log.rows(), 1u);
}

TEST_F(TailSetTest, WatchersOfOneVchannelShareItsTail) {
  const auto first = Watch(Spec(kA));
  const auto second = Watch(Spec(kA));
  EXPECT_EQ(first, second);
  tails_->Unwatch(kA);
  EXPECT_EQ(tails_->Find(kA), first);
  tails_->Unwatch(kA);
  EXPECT_EQ(tails_->Find(kA), nullptr);
  EXPECT_FALSE(first->status().ok());
}

TEST_F(TailSetTest, AStartBehindTheEndOfTheLogIsRefused) {
  const auto tail = Watch(Spec(kA));
  Insert(kA, {1});
  VchannelSpec spec = Spec(kB);
  spec.start = storage::Position::FromBytes(
      std::string(end_.next.bytes().size(), '\x7F'));
  EXPECT_FALSE(tails_->Watch(std::move(spec)).ok());
  Insert(kA, {2});
  EXPECT_TRUE(WaitUntilApplied(*tail, end_.next).ok());
}

TEST_F(TailSetTest, MemoryIsGivenBackWithTheTail) {
  {
    const auto tail = Watch(Spec(kA));
    Insert(kA, {1}, RecordType::kUpsert);
    ASSERT_TRUE(WaitUntilApplied(*tail, end_.next).ok());
    EXPECT_GT(budget_.used(), 0);
    tails_->Unwatch(kA);
  }
  EXPECT_EQ(budget_.used(), 0);
}

// Tasks at boundaries see whole records: the clock is that of the last one and
// no segment changes under them.
TEST_F(TailSetTest, BoundaryTasksRunBetweenRecords) {
  const auto tail = Watch(Spec(kA));
  std::atomic<int> ran{0};
  std::thread poster([&] {
    for (int i = 0; i < 200; ++i) {
      tail->RunAtBoundary([&] {
        std::size_t rows = 0;
        const auto segments = tail->growing();
        for (const auto& segment : *segments) rows += segment->rows();
        EXPECT_EQ(rows % 3, 0u);
        EXPECT_EQ(tail->clock().value, rows / 3 * 10);
        ++ran;
      });
    }
  });
  for (int i = 0; i < 200; ++i) Insert(kA, {1, 2, 3});
  poster.join();
  ASSERT_TRUE(WaitUntilApplied(*tail, end_.next).ok());
  DoAtBoundary(*tail, [] {});
  EXPECT_EQ(ran, 200);
}

}  // namespace
}  // namespace elanus::segment

#include "worker/query_node/shard.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>

#include "index/vector/registry.h"
#include "role/refusing_roles_for_test.h"
#include "segment/growing/growing_segment.h"
#include "segment/rows_maker_test.h"
#include "testing/faulty_object_store.h"
#include "worker/data_node/segment_files.h"
#include "worker/tail_fixture_for_test.h"

namespace elanus::worker {
namespace {

using segment::kVectorField;
using testing::Fault;

constexpr base::PartitionId kPartition{5};

class FakeDataCoord final : public role::RefusingDataCoord {
 public:
  void GetTarget(const base::OpContext&, const internal::ShardRequest&,
                 internal::GetTargetReply* reply, base::Done done) override {
    ++targets;
    *reply->mutable_target() = target;
    if (while_fetching) while_fetching();
    done(absl::OkStatus());
  }
  void CommitIndex(const base::OpContext&,
                   const internal::CommitIndexRequest& request,
                   internal::Empty*, base::Done done) override {
    if (!request.fail_reason().empty()) ++damaged;
    done(absl::OkStatus());
  }

  internal::Target target;
  std::function<void()> while_fetching;
  int targets = 0;
  int damaged = 0;
};

// A shard that serves one segment, whose index is about to be told to it.
class ShardTest : public TailTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(TailTest::SetUp());
    objects_.emplace(*store_);
    for (std::int64_t key = 0; key < 20; ++key) rows_.push_back({.key = key});
    WriteSegment(20);
    shard_ =
        std::make_shared<Shard>(Shard::Dependencies{.data_coord = coord_,
                                                    .objects = *objects_,
                                                    .budget = budget_,
                                                    .background = executor_,
                                                    .timer = timer_},
                                tail_, segment::TestSchema());
    ASSERT_TRUE(shard_->Join());
    shard_->SetPartitions({.all = true});
    ASSERT_TRUE(Refresh().ok());
    ASSERT_EQ(shard_->view()->sealed.size(), 1U);
    WriteIndex();
  }

  // The tail holds its listener, which holds the tail.
  void TearDown() override { shard_->Leave(); }

  void WriteSegment(std::int64_t id) {
    auto growing = std::make_shared<segment::GrowingSegment>(
        segment::Segment::Identity{.id = base::SegmentId{id},
                                   .partition = kPartition,
                                   .schema = segment::TestSchema()},
        budget_);
    const segment::RecordView record = segment::RowsRecord({}, rows_);
    ASSERT_TRUE(
        growing->Append({.record = record, .rows = rows_.size()}, {10}).ok());
    internal::CollectionMeta collection;
    collection.set_id(7);
    const Sources sources = {growing};
    const std::vector<SourceRow> order = *RowsByKey(sources);
    const auto written =
        worker::WriteSegment(*store_, {.collection = collection,
                                       .schema = *segment::TestSchema(),
                                       .partition = kPartition,
                                       .segment = growing->id(),
                                       .attempt = base::AttemptId{1},
                                       .sources = sources,
                                       .rows = order,
                                       .folded = {},
                                       .synced_to = {},
                                       .deletes_to = {},
                                       .history_from = {}});
    ASSERT_TRUE(written.ok()) << written.status();
    *coord_.target.add_segments() = *written;
  }

  void WriteIndex() {
    const std::vector<float> vectors(rows_.size() * segment::kDim);
    const index::VectorBlock block{.data = vectors.data(),
                                   .rows = rows_.size()};
    const auto spec = index::ParseIndexSpec(
        {.type_name = "FLAT", .metric_name = "L2", .dim = segment::kDim});
    ASSERT_TRUE(spec.ok()) << spec.status();
    const auto built = index::BuildIndex(
        {}, *spec, {.blocks = std::span(&block, 1), .dim = segment::kDim}, {});
    ASSERT_TRUE(built.ok()) << built.status();
    internal::SegmentIndexMeta& index = *coord_.target.add_indexes();
    index.set_segment_id(20);
    index.set_index_id(30);
    index.set_state(internal::INDEX_FINISHED);
    index.set_field_id(base::ToInt(kVectorField));
    const std::vector<index::IndexFile> saved = *(*built)->Save();
    for (const index::IndexFile& file : saved) {
      index.add_files()->set_name("index/" + file.name);
      ASSERT_TRUE(store_->Put("index/" + file.name, file.bytes.bytes()).ok());
    }
  }

  absl::Status Refresh() {
    absl::Status refreshed = absl::UnknownError("no answer");
    shard_->Refresh(
        [&refreshed](absl::Status status) { refreshed = std::move(status); });
    return refreshed;
  }
  // A compaction makes another segment, whose index is still to be built.
  void Compact() {
    coord_.target.clear_segments();
    WriteSegment(21);
    coord_.target.mutable_segments(0)->add_made_from(20);
    coord_.target.mutable_indexes(0)->set_segment_id(21);
    coord_.target.mutable_indexes(0)->set_state(internal::INDEX_UNISSUED);
    coord_.target.add_gone_segment_ids(20);
  }
  // The log's tombstone of a key, as the tail keeps it.
  void Delete(std::int64_t key, std::uint64_t at) {
    shard_->tail().tombstones().Append(
        {.keys = {.type = types::DataType::kInt64,
                  .rows = 1,
                  .values = std::as_bytes(std::span(&key, 1))},
         .upto = {at},
         .at = {at},
         .partition = base::kAllPartitions});
  }
  bool HasIndex() const {
    return shard_->view()->sealed[0]->vector_index(kVectorField) != nullptr;
  }

  std::optional<testing::FaultyObjectStore> objects_;
  std::vector<segment::TestRow> rows_;
  FakeDataCoord coord_;
  std::shared_ptr<Shard> shard_;
};

TEST_F(ShardTest, AnIndexThatCannotBeLoadedNowIsLoadedLater) {
  for (int i = 0; i < 2; ++i) {
    objects_->script().Next("Map", Fault::kFail);
    EXPECT_TRUE(Refresh().ok());
    EXPECT_FALSE(HasIndex());
    EXPECT_EQ(timer_.tasks.size(), 1U) << "one try for all refreshes";
  }
  timer_.RunDue();
  EXPECT_TRUE(HasIndex());
  EXPECT_TRUE(timer_.tasks.empty());
  EXPECT_EQ(coord_.damaged, 0);
}

TEST_F(ShardTest, AnIndexThatIsGoneIsReportedAndNotAwaited) {
  ASSERT_TRUE(store_->Delete(coord_.target.indexes(0).files(0).name()).ok());
  EXPECT_TRUE(Refresh().ok());
  EXPECT_FALSE(HasIndex());
  EXPECT_EQ(coord_.damaged, 1);
  EXPECT_TRUE(timer_.tasks.empty());
}

TEST_F(ShardTest, AShardThatWasReleasedLoadsNothingMore) {
  objects_->script().Next("Map", Fault::kFail);
  EXPECT_TRUE(Refresh().ok());
  shard_->Leave();
  const int before = coord_.targets;
  timer_.RunDue();
  EXPECT_EQ(coord_.targets, before);
}

TEST_F(ShardTest, AHandoverThatEndsBehindTheReleaseChangesNothing) {
  const std::shared_ptr<const View> before = shard_->view();
  Compact();
  coord_.target.clear_indexes();
  coord_.while_fetching = [this] { shard_->Leave(); };
  EXPECT_TRUE(Refresh().ok());
  EXPECT_FALSE(shard_->is_serving());
  EXPECT_EQ(shard_->view(), before);
}

TEST_F(ShardTest, WhatServedTheRowsBeforeServesThemUntilTheIndexIsThere) {
  const std::shared_ptr<const View> before = shard_->view();
  Compact();
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(shard_->view()->sealed, before->sealed);
  coord_.target.mutable_indexes(0)->set_state(internal::INDEX_FINISHED);
  ASSERT_TRUE(Refresh().ok());
  EXPECT_NE(shard_->view()->sealed, before->sealed);
  EXPECT_TRUE(HasIndex());
}

TEST_F(ShardTest, NoIndexIsAwaitedWhileMemoryIsShort) {
  const std::shared_ptr<const View> before = shard_->view();
  Compact();
  const base::MemoryReservation taken = budget_.Charge(budget_.limit() / 2);
  ASSERT_TRUE(Refresh().ok());
  EXPECT_NE(shard_->view()->sealed, before->sealed);
  EXPECT_FALSE(HasIndex());
}

TEST_F(ShardTest, TombstonesThatComeWhileATargetIsFetchedHideItsRows) {
  Delete(3, 20);
  coord_.while_fetching = [this] { Delete(4, 30); };
  Compact();
  coord_.target.clear_indexes();
  ASSERT_TRUE(Refresh().ok());
  const std::shared_ptr<const View> now = shard_->view();
  ASSERT_EQ(now->sealed.size(), 1U);
  ASSERT_EQ(base::ToInt(now->sealed[0]->id()), 21);
  const std::map<std::uint64_t, std::size_t> deleted_at = {
      {19, 0}, {20, 1}, {29, 1}, {30, 2}};
  for (const auto& [read_ts, deleted] : deleted_at) {
    const auto visible = now->sealed[0]->VisibleAt({read_ts});
    ASSERT_TRUE(visible.ok()) << visible.status();
    EXPECT_EQ(visible->visible_count(), rows_.size() - deleted) << read_ts;
  }
}

}  // namespace
}  // namespace elanus::worker

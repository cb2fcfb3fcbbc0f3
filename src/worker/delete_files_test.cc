#include "worker/delete_files.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <vector>

#include "segment/growing/growing_segment.h"
#include "segment/rows_maker_test.h"
#include "testing/faulty_object_store.h"
#include "testing/local_storage.h"
#include "worker/data_node/delete_writer.h"
#include "worker/data_node/segment_files.h"

namespace elanus::worker {
namespace {

using segment::SealedSegment;
using segment::TestRow;

constexpr base::PartitionId kPartition{5};

class DeleteFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    objects_ = std::make_unique<testing::FaultyObjectStore>(*store_);
  }

  // A segment of these rows, in its files; a record for each time.
  std::shared_ptr<SealedSegment> Write(
      std::int64_t id,
      const std::map<std::uint64_t, std::vector<TestRow>>& of) {
    auto growing = std::make_shared<segment::GrowingSegment>(
        segment::Segment::Identity{.id = base::SegmentId{id},
                                   .partition = kPartition,
                                   .schema = segment::TestSchema()},
        budget_);
    for (const auto& [at, rows] : of) {
      const segment::RecordView record = segment::RowsRecord({}, rows);
      EXPECT_TRUE(
          growing->Append({.record = record, .rows = rows.size()}, {at}).ok());
    }
    internal::CollectionMeta collection;
    collection.set_id(7);
    const Sources sources = {growing};
    const std::vector<SourceRow> order = *RowsByKey(sources);
    const auto written =
        WriteSegment(*store_, {.collection = collection,
                               .schema = *segment::TestSchema(),
                               .partition = kPartition,
                               .segment = growing->id(),
                               .attempt = base::AttemptId{id},
                               .sources = sources,
                               .rows = order,
                               .folded = {},
                               .synced_to = {},
                               .deletes_to = {},
                               .history_from = {}});
    EXPECT_TRUE(written.ok()) << written.status();
    return *SealedSegment::Open(*store_, budget_,
                                {.manifest = written->manifest().name(),
                                 .schema = segment::TestSchema()});
  }

  void AddFile(const std::vector<segment::NaiveSegment::Tomb>& tombs) {
    segment::DeleteFileBuilder builder({});
    for (const auto& tomb : tombs) {
      builder.Add({.keys = {.type = types::DataType::kInt64,
                            .rows = 1,
                            .values = std::as_bytes(std::span(&tomb.key, 1))},
                   .upto = {tomb.upto},
                   .at = {tomb.at},
                   .partition = base::kAllPartitions});
    }
    const auto written =
        WriteDeletes(*store_, builder, base::AttemptId{100 + records_.size()});
    ASSERT_TRUE(written.ok()) << written.status();
    *records_.Add() = *written;
  }

  testing::TempFolder folder_;
  base::MemoryBudget budget_{std::int64_t{1} << 40};
  std::unique_ptr<storage::LocalObjectStore> store_ =
      testing::OpenObjects(folder_);
  std::unique_ptr<testing::FaultyObjectStore> objects_;
  DeleteFiles::Records records_;
};

TEST_F(DeleteFilesTest, AFileIsOpenedOnceForAllSegments) {
  AddFile({{.key = 1, .upto = 50, .at = 50}, {.key = 8, .upto = 50, .at = 50}});
  AddFile({{.key = 2, .upto = 5, .at = 60}});  // older than all rows
  DeleteFiles files(*objects_, records_);
  for (std::int64_t id = 1; id <= 3; ++id) {
    const auto segment =
        Write(id, {{10, {{.key = 0}, {.key = 1}, {.key = 2}}}});
    ASSERT_TRUE(files.Apply(base::Timestamp::Max(), *segment).ok());
    EXPECT_EQ(segment->deleted_count(), 0U) << "before they are published";
    segment->PublishDeletes();
    EXPECT_EQ(segment->deleted_count(), 1U);
  }
  EXPECT_EQ(objects_->script().calls("Map"), 1);
}

TEST_F(DeleteFilesTest, EachRowIsDeletedSinceTheFirstTombstoneThatHidesIt) {
  std::mt19937 random(17);
  segment::NaiveSegment model;
  std::map<std::uint64_t, std::vector<TestRow>> rows;
  for (std::uint64_t at = 1; at <= 100; ++at) {
    rows[at].resize(5);
    for (TestRow& row : rows[at]) {
      // Fewer keys than the files have, in their middle.
      row.key = 50 + static_cast<std::int64_t>(random() % 100);
      row.at = at;
      model.rows.push_back(row);
    }
  }
  for (std::uint64_t file = 0; file < 4; ++file) {
    std::vector<segment::NaiveSegment::Tomb> tombs(60);
    for (std::size_t i = 0; i < tombs.size(); ++i) {
      const std::uint64_t at = 20 + 30 * file + i / 2;
      tombs[i] = {.key = static_cast<std::int64_t>(random() % 200),
                  .upto = at - random() % 10,
                  .at = at};
    }
    AddFile(tombs);
    model.tombs.insert(model.tombs.end(), tombs.begin(), tombs.end());
  }
  const auto segment = Write(1, rows);
  DeleteFiles files(*objects_, records_);
  constexpr std::uint64_t kUpto = 120;
  ASSERT_TRUE(files.Apply({kUpto}, *segment).ok());
  segment->PublishDeletes();
  std::erase_if(model.tombs, [](const auto& tomb) { return tomb.at > kUpto; });
  for (std::uint64_t read_ts = 1; read_ts <= 150; read_ts += 7) {
    EXPECT_EQ(segment::PassingRows(
                  *segment::FilterRows(
                      {}, *segment,
                      {.schema = segment::TestSchema(), .read_ts = {read_ts}}))
                  .size(),
              model.Visible(read_ts).size())
        << read_ts;
  }
}

}  // namespace
}  // namespace elanus::worker

#include "segment/replay/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>

#include "segment/random_columns_test.h"
#include "segment/record/record_builder.h"
#include "segment/record/rows_builder.h"

namespace elanus::segment {
namespace {

using base::PartitionId;
using base::SegmentId;
using testing::ElementsAre;
using testing::IsEmpty;
using types::DataType;

constexpr VchannelKey kVchannel{.collection = base::CollectionId{7},
                                .shard = 1};

storage::Position At(std::uint8_t i) {
  return storage::Position::FromBytes(
      std::string_view(reinterpret_cast<const char*>(&i), 1));
}

// Feeds a Replay with records of one writer, one after the other.
class ReplayTest : public testing::Test {
 protected:
  RecordHeader Header(std::uint64_t proposed) {
    return {.vchannel = kVchannel,
            .writer = base::WriterId{1},
            .sequence = ++sequence_,
            .proposed = {proposed}};
  }

  ReplayStep Apply(const absl::StatusOr<base::Buffer>& buffer) {
    EXPECT_TRUE(buffer.ok()) << buffer.status();
    record_ = *ParseRecord(*buffer);
    return replay_.Apply(record_, At(++position_));
  }

  base::Buffer Rows(RecordHeader header, std::vector<PartitionRun> runs,
                    RecordType type = RecordType::kInsert) {
    header.type = type;
    RowsLayout layout{
        .runs = std::move(runs),
        .key_field = base::FieldId{100},
        .columns = {{.field = base::FieldId{100}, .type = DataType::kInt64}}};
    for (PartitionRun& run : layout.runs) {
      run.row_begin = layout.rows;
      layout.rows += run.rows;
    }
    auto builder = RowsBuilder::Create(layout);
    EXPECT_TRUE(builder.ok()) << builder.status();
    auto* keys =
        reinterpret_cast<std::int64_t*>(builder->column(0).values.data());
    for (std::uint32_t i = 0; i < layout.rows; ++i) keys[i] = 10 + i;
    return *std::move(*builder).Finish(header);
  }

  ReplayStep Insert(std::uint64_t proposed, PartitionId partition,
                    SegmentId segment, std::uint32_t rows) {
    return Apply(
        Rows(Header(proposed),
             {{.partition = partition, .segment = segment, .rows = rows}}));
  }

  ReplayStep Close(std::vector<PartitionId> partitions) {
    return Apply(BuildCloseSegments(Header(0), partitions));
  }

  base::Buffer Delete(RecordHeader header, std::uint64_t upto,
                      PartitionId partition = base::kAllPartitions) {
    return *BuildDelete(header,
                        {.keys = {.type = DataType::kInt64,
                                  .rows = 2,
                                  .values = std::as_bytes(std::span(kDeleted))},
                         .upto = {upto},
                         .partition = partition});
  }

  static constexpr std::int64_t kDeleted[] = {10, 11};
  static constexpr PartitionId kP{3};
  static constexpr PartitionId kQ{4};

  std::uint64_t sequence_ = 0;
  std::uint8_t position_ = 0;
  Replay replay_{kVchannel};
  RecordView record_;
};

TEST_F(ReplayTest, TimeIsTheProposedOneOrTheNextOfTheClock) {
  EXPECT_EQ(Apply(BuildTick(Header(100))).at.value, 100u);
  EXPECT_EQ(Apply(BuildTick(Header(50))).at.value, 101u);
  EXPECT_EQ(Apply(BuildTick(Header(101))).at.value, 102u);
  EXPECT_EQ(Apply(BuildTick(Header(200))).at.value, 200u);
  EXPECT_EQ(replay_.clock().value, 200u);
}

TEST_F(ReplayTest, SequenceSeenBeforeChangesNothing) {
  const base::Buffer insert = Rows(
      Header(100), {{.partition = kP, .segment = SegmentId{1}, .rows = 2}});
  EXPECT_EQ(Apply(insert).effect, ReplayEffect::kApplied);
  const std::string before = replay_.Serialize();
  const ReplayStep again = Apply(insert);
  EXPECT_EQ(again.effect, ReplayEffect::kDuplicate);
  EXPECT_EQ(again.at.value, 100u);
  EXPECT_THAT(again.inserted, IsEmpty());
  EXPECT_EQ(replay_.Serialize(), before);
}

TEST_F(ReplayTest, OlderSequenceOfAWriterIsADuplicateAndOfAnotherIsNot) {
  RecordHeader header = Header(10);
  header.sequence = 9;
  Apply(BuildTick(header));
  header.sequence = 8;
  EXPECT_EQ(Apply(BuildTick(header)).effect, ReplayEffect::kDuplicate);
  header.writer = base::WriterId{2};
  EXPECT_EQ(Apply(BuildTick(header)).effect, ReplayEffect::kApplied);
}

TEST_F(ReplayTest, FirstRunOpensASegmentUnderItsIdAndLaterOnesGoOn) {
  const ReplayStep first = Insert(100, kP, SegmentId{21}, 3);
  EXPECT_THAT(first.inserted, ElementsAre(InsertedRun{.segment = SegmentId{21},
                                                      .partition = kP,
                                                      .rows = 3,
                                                      .opened = true}));
  const ReplayStep second = Insert(100, kP, SegmentId{22}, 2);
  EXPECT_THAT(second.inserted, ElementsAre(InsertedRun{.segment = SegmentId{21},
                                                       .partition = kP,
                                                       .first_row = 3,
                                                       .rows = 2}));
  ASSERT_EQ(replay_.open_segments().size(), 1u);
  EXPECT_EQ(replay_.open_segments().at(kP),
            (OpenSegment{.segment = SegmentId{21},
                         .partition = kP,
                         .rows = 5,
                         .bytes = 5 * 16,
                         .opened_at = {100},
                         .opened_position = At(1)}));
}

TEST_F(ReplayTest, PartitionsHaveOpenSegmentsOfTheirOwn) {
  const ReplayStep step = Apply(
      Rows(Header(1), {{.partition = kQ, .segment = SegmentId{1}, .rows = 2},
                       {.partition = kP, .segment = SegmentId{2}, .rows = 1}}));
  EXPECT_THAT(step.inserted, ElementsAre(InsertedRun{.segment = SegmentId{1},
                                                     .partition = kQ,
                                                     .rows = 2,
                                                     .opened = true},
                                         InsertedRun{.segment = SegmentId{2},
                                                     .partition = kP,
                                                     .row_begin = 2,
                                                     .rows = 1,
                                                     .opened = true}));
}

TEST_F(ReplayTest, CloseSegmentsClosesTheNamedPartitionsOnly) {
  Insert(1, kP, SegmentId{1}, 1);
  Insert(1, kQ, SegmentId{2}, 4);
  EXPECT_THAT(
      Close({kQ}).closed,
      ElementsAre(ClosedSegment{
          .segment = SegmentId{2}, .partition = kQ, .rows = 4, .bytes = 64}));
  EXPECT_TRUE(replay_.open_segments().contains(kP));
  EXPECT_TRUE(Insert(1, kQ, SegmentId{5}, 1).inserted[0].opened);
}

TEST_F(ReplayTest, CloseSegmentsWithoutPartitionsClosesAll) {
  Insert(1, kQ, SegmentId{2}, 4);
  Insert(1, kP, SegmentId{1}, 1);
  const ReplayStep step = Close({});
  ASSERT_EQ(step.closed.size(), 2u);
  EXPECT_EQ(step.closed[0].partition, kP);
  EXPECT_EQ(step.closed[1].partition, kQ);
  EXPECT_TRUE(replay_.open_segments().empty());
}

TEST_F(ReplayTest, CloseSegmentsOnNothingOpenDoesNothingButTakeTime) {
  const ReplayStep step = Close({kP});
  EXPECT_EQ(step.effect, ReplayEffect::kIgnored);
  EXPECT_THAT(step.closed, IsEmpty());
  EXPECT_EQ(step.at.value, 1u);
}

TEST_F(ReplayTest, SchemaChangeClosesAndSetsTheVersionOnce) {
  Insert(1, kP, SegmentId{1}, 1);
  const ReplayStep step = Apply(BuildSchemaChange(Header(1), 2, "s"));
  EXPECT_TRUE(step.schema_changed);
  EXPECT_EQ(step.closed.size(), 1u);
  EXPECT_EQ(replay_.schema_version(), 2u);
  Insert(1, kP, SegmentId{2}, 1);
  const ReplayStep again = Apply(BuildSchemaChange(Header(1), 2, "s"));
  EXPECT_EQ(again.effect, ReplayEffect::kIgnored);
  EXPECT_THAT(again.closed, IsEmpty());
}

TEST_F(ReplayTest, DropPartitionClosesAndLaterWritesToItAreIgnored) {
  Insert(1, kP, SegmentId{1}, 1);
  const ReplayStep drop = Apply(BuildDropPartition(Header(1), kP, "p"));
  EXPECT_EQ(drop.partition_dropped, kP);
  EXPECT_EQ(drop.closed.size(), 1u);
  const ReplayStep insert = Insert(1, kP, SegmentId{2}, 1);
  EXPECT_EQ(insert.effect, ReplayEffect::kIgnored);
  EXPECT_THAT(insert.inserted, IsEmpty());
  EXPECT_EQ(Apply(Delete(Header(1), 0, kP)).effect, ReplayEffect::kIgnored);
  EXPECT_EQ(Apply(BuildDropPartition(Header(1), kP, "p")).effect,
            ReplayEffect::kIgnored);
  EXPECT_EQ(Apply(BuildCreatePartition(Header(1), kP, "p")).effect,
            ReplayEffect::kIgnored);
  EXPECT_EQ(replay_.clock().value, 6u) << "ignored records take their time";
}

TEST_F(ReplayTest, CreatePartitionIsToldOn) {
  EXPECT_EQ(Apply(BuildCreatePartition(Header(1), kQ, "q")).partition_created,
            kQ);
}

TEST_F(ReplayTest, DropCollectionClosesEverythingAndEndsAllWrites) {
  Insert(1, kP, SegmentId{1}, 1);
  Insert(1, kQ, SegmentId{2}, 1);
  const ReplayStep drop = Apply(BuildDropCollection(Header(1)));
  EXPECT_TRUE(drop.collection_dropped);
  EXPECT_EQ(drop.closed.size(), 2u);
  EXPECT_EQ(Insert(1, kQ, SegmentId{3}, 1).effect, ReplayEffect::kIgnored);
  EXPECT_EQ(Apply(BuildDropCollection(Header(1))).effect,
            ReplayEffect::kIgnored);
}

TEST_F(ReplayTest, SecondCreateCollectionIsIgnored) {
  RecordHeader header = Header(1);
  header.schema_version = 4;
  EXPECT_TRUE(Apply(BuildCreateCollection(header, "c")).collection_created);
  EXPECT_EQ(replay_.schema_version(), 4u);
  header = Header(1);
  header.schema_version = 9;
  EXPECT_EQ(Apply(BuildCreateCollection(header, "c")).effect,
            ReplayEffect::kIgnored);
  EXPECT_EQ(replay_.schema_version(), 4u);
}

TEST_F(ReplayTest, DeleteByKeyHidesUpToItsOwnTime) {
  const ReplayStep step = Apply(Delete(Header(50), 0));
  ASSERT_EQ(step.tombstones.size(), 1u);
  EXPECT_EQ(step.tombstones[0].upto.value, 50u);
  EXPECT_EQ(step.tombstones[0].at.value, 50u);
  EXPECT_EQ(step.tombstones[0].partition, base::kAllPartitions);
  EXPECT_THAT(step.tombstones[0].keys.As<std::int64_t>(), ElementsAre(10, 11));
}

TEST_F(ReplayTest, DeleteWithUptoHidesUpToItButNeverTheFuture) {
  EXPECT_EQ(Apply(Delete(Header(50), 30, kP)).tombstones[0].upto.value, 30u);
  const ReplayStep late = Apply(Delete(Header(60), 1000));
  EXPECT_EQ(late.tombstones[0].upto.value, 60u);
}

TEST_F(ReplayTest, UpsertHidesOlderRowsAndNotItsOwn) {
  const ReplayStep step = Apply(
      Rows(Header(50), {{.partition = kP, .segment = SegmentId{1}, .rows = 2}},
           RecordType::kUpsert));
  ASSERT_EQ(step.tombstones.size(), 1u);
  EXPECT_EQ(step.tombstones[0].upto.value, 49u);
  EXPECT_EQ(step.tombstones[0].at.value, 50u);
  EXPECT_EQ(step.tombstones[0].keys.rows, 2u);
  EXPECT_EQ(step.inserted.size(), 1u);
}

TEST_F(ReplayTest, UpsertSkipsTheRunsOfDroppedPartitionsWithTheirKeys) {
  Apply(BuildDropPartition(Header(1), kP, "p"));
  const ReplayStep step =
      Apply(Rows(Header(50),
                 {{.partition = kP, .segment = SegmentId{1}, .rows = 2},
                  {.partition = kQ, .segment = SegmentId{2}, .rows = 3}},
                 RecordType::kUpsert));
  ASSERT_EQ(step.inserted.size(), 1u);
  EXPECT_EQ(step.inserted[0].partition, kQ);
  EXPECT_EQ(step.inserted[0].row_begin, 2u);
  ASSERT_EQ(step.tombstones.size(), 1u);
  EXPECT_THAT(step.tombstones[0].keys.As<std::int64_t>(),
              ElementsAre(12, 13, 14));
}

TEST_F(ReplayTest, ForgetsTheWriterThatWroteLongestAgo) {
  RecordHeader header = Header(1);
  for (std::uint64_t i = 0; i < Replay::kMaxWriters; ++i) {
    header.writer = base::WriterId{100 + i};
    Apply(BuildTick(header));
  }
  header.writer = base::WriterId{100};  // no longer the oldest
  header.sequence = 50;
  Apply(BuildTick(header));
  header.writer = base::WriterId{99};
  Apply(BuildTick(header));
  header.writer = base::WriterId{100};
  EXPECT_EQ(Apply(BuildTick(header)).effect, ReplayEffect::kDuplicate);
  header.writer = base::WriterId{102};
  header.sequence = 1;
  EXPECT_EQ(Apply(BuildTick(header)).effect, ReplayEffect::kDuplicate);
  header.writer = base::WriterId{101};
  EXPECT_EQ(Apply(BuildTick(header)).effect, ReplayEffect::kApplied);
  EXPECT_LT(replay_.Serialize().size(), 512u << 10);
}

// The rules again, written naively: the whole past is kept and searched.
struct NaiveReplay {
  std::uint64_t clock = 0;
  std::map<PartitionId, std::pair<SegmentId, std::uint64_t>> open;
  std::set<PartitionId> dropped;
  std::vector<std::pair<base::WriterId, std::uint64_t>> seen;
  std::uint32_t schema = 0;

  std::string Apply(const RecordView& record) {
    const RecordHeader& header = record.header();
    for (const auto& [writer, sequence] : seen) {
      if (writer == header.writer && sequence >= header.sequence) return "dup";
    }
    seen.emplace_back(header.writer, header.sequence);
    clock = std::max(header.proposed.value, clock + 1);
    std::string events = fmt::format("at {};", clock);
    std::vector<PartitionId> closing(record.partitions().begin(),
                                     record.partitions().end());
    const bool changes = record.type() == RecordType::kSchemaChange &&
                         record.new_schema_version() > schema;
    if ((record.type() == RecordType::kCloseSegments && closing.empty()) ||
        changes) {
      for (const auto& [partition, segment] : open) {
        closing.push_back(partition);
      }
    }
    if (changes) schema = record.new_schema_version();
    if (record.type() == RecordType::kDropPartition) {
      closing = {record.partition()};
      dropped.insert(record.partition());
    }
    for (const PartitionId partition : closing) {
      if (!open.contains(partition)) continue;
      events += fmt::format("close {} {};", ToInt(open[partition].first),
                            open[partition].second);
      open.erase(partition);
    }
    return events + Rows(record);
  }

  std::string Rows(const RecordView& record) {
    std::string events;
    const auto keys = record.keys().As<std::int64_t>();
    if (record.type() == RecordType::kDelete &&
        !dropped.contains(record.partition())) {
      const std::uint64_t upto = record.upto().value;
      for (const std::int64_t key : keys) {
        events += fmt::format("tomb {} {};", key,
                              upto == 0 ? clock : std::min(upto, clock));
      }
    }
    std::string rows;
    for (const PartitionRun& run : record.runs()) {
      if (dropped.contains(run.partition)) continue;
      if (!open.contains(run.partition)) open[run.partition] = {run.segment, 0};
      auto& [segment, count] = open[run.partition];
      for (std::uint32_t i = 0; i < run.rows; ++i) {
        const std::int64_t key = keys[run.row_begin + i];
        rows += fmt::format("row {} {} {};", ToInt(segment), count++, key);
        if (record.type() == RecordType::kUpsert) {
          events += fmt::format("tomb {} {};", key, clock - 1);
        }
      }
    }
    return events + rows;
  }
};

std::string Events(const RecordView& record, const ReplayStep& step) {
  if (step.effect == ReplayEffect::kDuplicate) return "dup";
  std::string events = fmt::format("at {};", step.at.value);
  for (const ClosedSegment& closed : step.closed) {
    events += fmt::format("close {} {};", ToInt(closed.segment), closed.rows);
  }
  for (const TombstoneRun& run : step.tombstones) {
    for (const std::int64_t key : run.keys.As<std::int64_t>()) {
      events += fmt::format("tomb {} {};", key, run.upto.value);
    }
  }
  for (const InsertedRun& run : step.inserted) {
    for (std::uint32_t i = 0; i < run.rows; ++i) {
      events +=
          fmt::format("row {} {} {};", ToInt(run.segment), run.first_row + i,
                      record.keys().As<std::int64_t>()[run.row_begin + i]);
    }
  }
  return events;
}

class RandomLog : public ReplayTest {
 protected:
  base::Buffer RandomRecord(Random& random) {
    RecordHeader header = Header(Below(random, 2000));
    header.writer = base::WriterId{Below(random, 4)};
    if (Below(random, 8) == 0) header.sequence -= Below(random, 5);
    const PartitionId partition{
        static_cast<std::int64_t>(1 + Below(random, 4))};
    switch (Below(random, 12)) {
      case 0:
        return *BuildCloseSegments(header, {});
      case 1:
        return *BuildCloseSegments(header, {&partition, 1});
      case 2:
        return *BuildSchemaChange(
            header, static_cast<std::uint32_t>(Below(random, 20)), "");
      case 3:
        return Below(random, 15) == 0
                   ? *BuildDropPartition(header, partition, "")
                   : *BuildTick(header);
      case 4:
      case 5:
        return Delete(header, Below(random, 2) * Below(random, 3000),
                      Below(random, 2) == 0 ? base::kAllPartitions : partition);
      default:
        return RandomRows(random, header);
    }
  }

  base::Buffer RandomRows(Random& random, const RecordHeader& header) {
    std::vector<PartitionRun> runs;
    for (std::int64_t p = 1; p <= 4; ++p) {
      if (Below(random, 2) == 0) continue;
      runs.push_back(
          {.partition = PartitionId{p},
           .segment = SegmentId{++next_segment_},
           .rows = static_cast<std::uint32_t>(1 + Below(random, 3))});
    }
    return Rows(
        header, runs,
        Below(random, 2) == 0 ? RecordType::kInsert : RecordType::kUpsert);
  }

  std::int64_t next_segment_ = 0;
};

TEST_F(RandomLog, GivesTheEventsOfANaiveReplay) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    Replay replay(kVchannel);
    NaiveReplay naive;
    for (int i = 0; i < 200; ++i) {
      const auto record = ParseRecord(RandomRecord(random));
      ASSERT_TRUE(record.ok()) << record.status();
      const ReplayStep step = replay.Apply(*record, At(0));
      ASSERT_EQ(Events(*record, step), naive.Apply(*record))
          << "seed " << seed << " record " << i;
    }
  }
}

TEST_F(RandomLog, ReplayFromAStoredStateGivesWhatReplayFromTheStartGives) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    Replay from_start(kVchannel);
    std::optional<Replay> resumed;
    for (int i = 0; i < 200; ++i) {
      if (!resumed || Below(random, 20) == 0) {
        auto restored = Replay::Deserialize(from_start.Serialize(), "state");
        ASSERT_TRUE(restored.ok()) << restored.status();
        resumed = *std::move(restored);
      }
      const auto record = ParseRecord(RandomRecord(random));
      const storage::Position position = At(static_cast<std::uint8_t>(i));
      const ReplayStep a = from_start.Apply(*record, position);
      const ReplayStep b = resumed->Apply(*record, position);
      ASSERT_EQ(Events(*record, a), Events(*record, b)) << "seed " << seed;
      ASSERT_EQ(from_start.Serialize(), resumed->Serialize());
    }
  }
}

TEST_F(RandomLog, DamagedStateIsRefused) {
  Random random(5);
  for (int i = 0; i < 50; ++i) {
    replay_.Apply(*ParseRecord(RandomRecord(random)), At(9));
  }
  const std::string bytes = replay_.Serialize();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << Below(random, 8)));
    ASSERT_FALSE(Replay::Deserialize(damaged, "state").ok()) << i;
    ASSERT_FALSE(Replay::Deserialize(bytes.substr(0, i), "state").ok()) << i;
  }
}

}  // namespace
}  // namespace elanus::segment

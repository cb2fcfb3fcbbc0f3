#include "segment/record/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "segment/random_columns_test.h"
#include "segment/record/record_builder.h"
#include "segment/record/rows_builder.h"

namespace elanus::segment {
namespace {

using base::FieldId;
using base::PartitionId;
using base::SegmentId;
using testing::ElementsAre;
using testing::HasSubstr;
using types::DataType;

constexpr RecordHeader kHeader{
    .type = RecordType::kInsert,
    .vchannel = {.collection = base::CollectionId{44}, .shard = 3},
    .writer = base::WriterId{0xfeedfacecafebeef},
    .sequence = 17,
    .proposed = {123456789},
    .schema_version = 5};

struct RandomBatch {
  std::vector<OwnedColumn> columns;
  RowsLayout layout;
};

// One column of each type behind a column of keys; field ids from 100.
RandomBatch RandomRows(Random& random, std::uint32_t rows) {
  RandomBatch made;
  made.columns.push_back(RandomColumn(
      random, Below(random, 2) == 0 ? DataType::kInt64 : DataType::kVarChar,
      rows, false));
  for (const DataType type : AllColumnTypes()) {
    made.columns.push_back(
        RandomColumn(random, type, rows, Below(random, 2) == 0));
  }
  made.layout.rows = rows;
  made.layout.key_field = FieldId{100};
  std::uint32_t next = 0;
  for (std::int64_t i = 1; next < rows; ++i) {
    const auto size =
        static_cast<std::uint32_t>(1 + Below(random, rows - next));
    made.layout.runs.push_back({.partition = PartitionId{i},
                                .segment = SegmentId{1000 + i},
                                .row_begin = next,
                                .rows = size});
    next += size;
  }
  for (std::size_t i = 0; i < made.columns.size(); ++i) {
    made.layout.columns.push_back(
        LayoutOf(FieldId{100 + static_cast<std::int64_t>(i)}, made.columns[i]));
  }
  return made;
}

base::Buffer Build(const RandomBatch& rows, const RecordHeader& header) {
  auto builder = RowsBuilder::Create(rows.layout);
  EXPECT_TRUE(builder.ok()) << builder.status();
  for (std::size_t i = 0; i < rows.columns.size(); ++i) {
    Fill(rows.columns[i], builder->column(i));
  }
  auto record = std::move(*builder).Finish(header);
  EXPECT_TRUE(record.ok()) << record.status();
  return *std::move(record);
}

TEST(RecordTest, InsertGivesBackEveryColumnInPlace) {
  Random random(1);
  for (const std::uint32_t rows : {0u, 1u, 63u, 64u, 65u, 300u}) {
    const RandomBatch made = RandomRows(random, rows);
    const base::Buffer buffer = Build(made, kHeader);
    const auto record = ParseRecord(buffer);
    ASSERT_TRUE(record.ok()) << record.status();
    EXPECT_EQ(record->type(), RecordType::kInsert);
    EXPECT_EQ(record->header().vchannel, kHeader.vchannel);
    EXPECT_EQ(record->header().writer, kHeader.writer);
    EXPECT_EQ(record->header().sequence, kHeader.sequence);
    EXPECT_EQ(record->header().proposed, kHeader.proposed);
    EXPECT_EQ(record->header().schema_version, kHeader.schema_version);
    EXPECT_EQ(record->rows(), rows);
    EXPECT_TRUE(std::ranges::equal(record->runs(), made.layout.runs));
    ASSERT_EQ(record->columns().size(), made.columns.size());
    for (std::size_t i = 0; i < made.columns.size(); ++i) {
      const types::ColumnView& view = record->columns()[i].values;
      EXPECT_EQ(Rows(view), Rows(made.columns[i].view()));
      EXPECT_EQ(view.type, made.columns[i].type);
      const auto address = reinterpret_cast<std::uintptr_t>(view.values.data());
      EXPECT_EQ(address % 64, 0u);
      EXPECT_GE(view.values.data(), buffer.bytes().data());
      EXPECT_LE(view.values.data(),
                buffer.bytes().data() + buffer.bytes().size());
    }
    EXPECT_EQ(Rows(record->keys()), Rows(made.columns[0].view()));
    EXPECT_EQ(record->Column(FieldId{99}), nullptr);
  }
}

TEST(RecordTest, EqualRowsGiveEqualBytes) {
  Random first(7);
  Random second(7);
  EXPECT_EQ(Build(RandomRows(first, 50), kHeader).view(),
            Build(RandomRows(second, 50), kHeader).view());
}

TEST(RecordTest, BufferThatIsNotAlignedIsReadAllTheSame) {
  Random random(2);
  const RandomBatch made = RandomRows(random, 20);
  const base::Buffer buffer = Build(made, kHeader);
  const base::Buffer shifted =
      base::Buffer::FromString("x" + std::string(buffer.view()))
          .Slice(1, buffer.size());
  const auto record = ParseRecord(shifted);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(Rows(record->columns()[5].values), Rows(made.columns[5].view()));
}

TEST(RecordTest, RecordOutlivesTheBufferItWasParsedFrom) {
  Random random(3);
  const RandomBatch made = RandomRows(random, 20);
  absl::StatusOr<RecordView> record = ParseRecord(Build(made, kHeader));
  const RecordView copy = *record;
  record = absl::CancelledError();
  EXPECT_EQ(Rows(copy.keys()), Rows(made.columns[0].view()));
}

TEST(RecordTest, DeleteGivesBackKeysUptoAndPartition) {
  Random random(4);
  for (const DataType type : {DataType::kInt64, DataType::kVarChar}) {
    const OwnedColumn keys = RandomColumn(random, type, 77, false);
    const auto buffer = BuildDelete(
        kHeader,
        {.keys = keys.view(), .upto = {99}, .partition = PartitionId{6}});
    ASSERT_TRUE(buffer.ok()) << buffer.status();
    const auto record = ParseRecord(*buffer);
    ASSERT_TRUE(record.ok()) << record.status();
    EXPECT_EQ(record->type(), RecordType::kDelete);
    EXPECT_EQ(Rows(record->keys()), Rows(keys.view()));
    EXPECT_EQ(record->upto().value, 99u);
    EXPECT_EQ(record->partition(), PartitionId{6});
    EXPECT_TRUE(record->columns().empty());
  }
}

TEST(RecordTest, DeleteTakesASliceOfAColumnOfTexts) {
  OwnedColumn keys{.type = DataType::kVarChar,
                   .rows = 3,
                   .values = "abbccc",
                   .offsets = {0, 1, 3, 6}};
  types::ColumnView slice = keys.view();
  slice.rows = 2;
  slice.offsets = slice.offsets.subspan(1);
  const auto buffer = BuildDelete(kHeader, {.keys = slice});
  ASSERT_TRUE(buffer.ok()) << buffer.status();
  EXPECT_THAT(Rows(ParseRecord(*buffer)->keys()), ElementsAre("bb", "ccc"));
}

TEST(RecordTest, RecordsWithoutRowsGiveBackWhatTheyCarry) {
  const std::vector<PartitionId> partitions = {PartitionId{1}, PartitionId{9}};
  const std::vector<SegmentId> segments = {SegmentId{5}};
  const auto close = ParseRecord(*BuildCloseSegments(kHeader, partitions));
  EXPECT_EQ(close->type(), RecordType::kCloseSegments);
  EXPECT_TRUE(std::ranges::equal(close->partitions(), partitions));
  const auto create =
      ParseRecord(*BuildCreatePartition(kHeader, PartitionId{3}, "p3"));
  EXPECT_EQ(create->type(), RecordType::kCreatePartition);
  EXPECT_EQ(create->partition(), PartitionId{3});
  EXPECT_EQ(create->partition_name(), "p3");
  const auto drop =
      ParseRecord(*BuildDropPartition(kHeader, PartitionId{4}, "p4"));
  EXPECT_EQ(drop->type(), RecordType::kDropPartition);
  EXPECT_EQ(drop->partition(), PartitionId{4});
  const auto change = ParseRecord(*BuildSchemaChange(kHeader, 6, "schema"));
  EXPECT_EQ(change->type(), RecordType::kSchemaChange);
  EXPECT_EQ(change->new_schema_version(), 6u);
  EXPECT_EQ(change->payload(), "schema");
  const auto import = ParseRecord(*BuildImport(kHeader, segments, "from"));
  EXPECT_EQ(import->type(), RecordType::kImport);
  EXPECT_TRUE(std::ranges::equal(import->segments(), segments));
  EXPECT_EQ(import->payload(), "from");
  const auto collection = ParseRecord(*BuildCreateCollection(kHeader, "c"));
  EXPECT_EQ(collection->type(), RecordType::kCreateCollection);
  EXPECT_EQ(collection->payload(), "c");
  EXPECT_EQ(ParseRecord(*BuildTick(kHeader))->type(), RecordType::kTick);
  EXPECT_EQ(ParseRecord(*BuildDropCollection(kHeader))->type(),
            RecordType::kDropCollection);
}

TEST(RecordTest, EveryFlippedByteIsRefused) {
  Random random(5);
  const std::string bytes(Build(RandomRows(random, 9), kHeader).view());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << Below(random, 8)));
    const auto record = ParseRecord(base::Buffer::FromString(damaged));
    ASSERT_FALSE(record.ok()) << "byte " << i;
    EXPECT_EQ(base::CodeOf(record.status()), base::ErrorCode::kDataIntegrity);
  }
}

TEST(RecordTest, EveryTruncationIsRefused) {
  Random random(6);
  const base::Buffer buffer = Build(RandomRows(random, 9), kHeader);
  for (std::size_t size = 0; size < buffer.size(); ++size) {
    ASSERT_FALSE(ParseRecord(buffer.Slice(0, size)).ok()) << size;
  }
  EXPECT_FALSE(ParseRecord(base::Buffer::FromString(std::string(buffer.view()) +
                                                    std::string(64, '\0')))
                   .ok());
}

// Bytes that lie under right checksums: what is accepted must be safe to read.
TEST(RecordTest, DamageUnderRightChecksumsNeverReadsOutside) {
  Random random(8);
  const std::string bytes(Build(RandomRows(random, 9), kHeader).view());
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string damaged = bytes;
    for (std::uint64_t n = 1 + Below(random, 3); n > 0; --n) {
      // Mostly in header, runs and descriptors.
      const std::size_t limit = Below(random, 4) == 0 ? bytes.size() : 1200;
      damaged[Below(random, std::min(limit, bytes.size()))] =
          static_cast<char>(random());
    }
    const auto record = ParseRecord(WithRightChecksums(damaged));
    if (!record.ok()) {
      ++refused;
      continue;
    }
    for (const RecordColumn& column : record->columns()) Rows(column.values);
  }
  EXPECT_GT(refused, 1000);
}

TEST(RecordTest, UnknownFormatVersionIsRefusedByNumber) {
  std::string bytes(BuildTick(kHeader)->view());
  bytes[4] = 2;
  const auto record = ParseRecord(WithRightChecksums(bytes));
  EXPECT_THAT(base::MessageOf(record.status()), HasSubstr("version 2"));
}

TEST(RowsBuilderTest, RefusesRunsThatDoNotCoverTheRows) {
  Random random(9);
  RandomBatch made = RandomRows(random, 10);
  made.layout.runs = {{.partition = PartitionId{1}, .rows = 9}};
  EXPECT_FALSE(RowsBuilder::Create(made.layout).ok());
  made.layout.runs = {{.partition = PartitionId{1}, .rows = 5},
                      {.partition = PartitionId{1},
                       .segment = SegmentId{2},
                       .row_begin = 5,
                       .rows = 5}};
  EXPECT_FALSE(RowsBuilder::Create(made.layout).ok()) << "partition twice";
  made.layout.runs[1].partition = PartitionId{2};
  EXPECT_TRUE(RowsBuilder::Create(made.layout).ok());
  made.layout.runs[1].row_begin = 6;
  EXPECT_FALSE(RowsBuilder::Create(made.layout).ok()) << "gap";
}

TEST(RowsBuilderTest, RefusesOffsetsThatFall) {
  const RowsLayout layout{.rows = 2,
                          .runs = {{.partition = PartitionId{1}, .rows = 2}},
                          .key_field = FieldId{100},
                          .columns = {{.field = FieldId{100},
                                       .type = DataType::kVarChar,
                                       .value_bytes = 4}}};
  auto builder = RowsBuilder::Create(layout);
  ASSERT_TRUE(builder.ok());
  const ColumnSpans spans = builder->column(0);
  std::memcpy(spans.values.data(), "abcd", 4);
  spans.offsets[0] = 0;
  spans.offsets[1] = 5;
  spans.offsets[2] = 4;
  EXPECT_FALSE(std::move(*builder).Finish(kHeader).ok());
}

TEST(RowsBuilderTest, RefusesANullBeyondTheLastRow) {
  const RowsLayout layout{
      .rows = 2,
      .runs = {{.partition = PartitionId{1}, .rows = 2}},
      .key_field = FieldId{100},
      .columns = {
          {.field = FieldId{100}, .type = DataType::kInt64},
          {.field = FieldId{101}, .type = DataType::kInt8, .has_nulls = true}}};
  for (const std::uint64_t nulls : {1u, 2u, 4u}) {
    auto builder = RowsBuilder::Create(layout);
    ASSERT_TRUE(builder.ok());
    std::memset(builder->column(0).values.data(), 0, 16);
    std::memset(builder->column(1).values.data(), 0, 2);
    builder->column(1).nulls[0] = nulls;
    EXPECT_EQ(std::move(*builder).Finish(kHeader).ok(), nulls < 4) << nulls;
  }
}

TEST(RowsBuilderTest, RowsBeyondTheLargestRecordAreTheCallersFault) {
  const auto builder = RowsBuilder::Create(
      {.rows = 100000,
       .runs = {{.partition = PartitionId{1}, .rows = 100000}},
       .key_field = FieldId{100},
       .columns = {{.field = FieldId{100}, .type = DataType::kInt64},
                   {.field = FieldId{101},
                    .type = DataType::kFloatVector,
                    .dim = 768}}});
  EXPECT_EQ(base::CodeOf(builder.status()),
            base::ErrorCode::kParameterTooLarge);
  EXPECT_EQ(base::FaultOf(builder.status()), base::Fault::kCaller);
}

TEST(RowsBuilderTest, KeysWithNullsAreRefused) {
  EXPECT_FALSE(
      RowsBuilder::Create({.rows = 1,
                           .runs = {{.partition = PartitionId{1}, .rows = 1}},
                           .key_field = FieldId{100},
                           .columns = {{.field = FieldId{100},
                                        .type = DataType::kInt64,
                                        .has_nulls = true}}})
          .ok());
}

TEST(RecordBuilderTest, TimeBeyondAllTimesIsRefused) {
  RecordHeader header = kHeader;
  header.proposed = {kMaxProposed.value + 1};
  EXPECT_FALSE(BuildTick(header).ok());
}

}  // namespace
}  // namespace elanus::segment

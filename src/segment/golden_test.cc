// Version 1 of every format, as files: what was written once must be read for
// ever, and what is written today must not differ without a new version.
//
// A new format version gets new files beside the old ones. They are made by
// running this test with ELANUS_WRITE_GOLDEN=<folder>.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "segment/file/column_file.h"
#include "segment/file/delete_file.h"
#include "segment/file/folded_deletes.h"
#include "segment/file/manifest.h"
#include "segment/file/memory_upload.h"
#include "segment/random_columns_test.h"
#include "segment/record/record_builder.h"
#include "segment/replay/replay.h"

namespace elanus::segment {
namespace {

using base::FieldId;
using base::PartitionId;
using base::SegmentId;
using testing::ElementsAre;
using types::DataType;

// The bytes of the file. `written` is what today's code writes for the same
// content; empty where that may differ (compressed data).
std::string Golden(const std::string& name, std::string_view written) {
  if (const char* folder = std::getenv("ELANUS_WRITE_GOLDEN")) {
    std::ofstream(folder + ("/" + name), std::ios::binary) << written;
  }
  std::ifstream in(std::string(ELANUS_SEGMENT_TESTDATA "/") + name,
                   std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  EXPECT_FALSE(bytes.str().empty()) << name;
  return bytes.str();
}

RecordHeader Header() {
  return {.vchannel = {.collection = base::CollectionId{440}, .shard = 1},
          .writer = base::WriterId{77},
          .sequence = 12,
          .proposed = {1000},
          .schema_version = 3};
}

// Three rows in two partitions: key, nullable text, vector of four.
base::Buffer ThreeRows(RecordType type) {
  OwnedColumn texts{.type = DataType::kVarChar,
                    .rows = 3,
                    .values = "redblue",
                    .offsets = {0, 3, 3, 7},
                    .nulls = {2}};
  auto builder = RowsBuilder::Create(
      {.rows = 3,
       .runs = {{.partition = PartitionId{5},
                 .segment = SegmentId{51},
                 .rows = 2},
                {.partition = PartitionId{6},
                 .segment = SegmentId{61},
                 .row_begin = 2,
                 .rows = 1}},
       .key_field = FieldId{100},
       .columns = {
           {.field = FieldId{100}, .type = DataType::kInt64},
           LayoutOf(FieldId{101}, texts),
           {.field = FieldId{102}, .type = DataType::kFloatVector, .dim = 4}}});
  const std::int64_t keys[] = {-1, 0, 9000000000};
  std::memcpy(builder->column(0).values.data(), keys, sizeof(keys));
  Fill(texts, builder->column(1));
  const float vectors[] = {0, .5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5};
  std::memcpy(builder->column(2).values.data(), vectors, sizeof(vectors));
  RecordHeader header = Header();
  header.type = type;
  return *std::move(*builder).Finish(header);
}

TEST(GoldenTest, RecordWithRows) {
  for (const auto& [type, name] :
       {std::pair(RecordType::kInsert, "insert_v1.record"),
        std::pair(RecordType::kUpsert, "upsert_v1.record")}) {
    const base::Buffer written = ThreeRows(type);
    const std::string bytes = Golden(name, written.view());
    const auto record = ParseRecord(base::Buffer::FromString(bytes));
    ASSERT_TRUE(record.ok()) << record.status();
    EXPECT_EQ(record->type(), type);
    EXPECT_EQ(record->header().vchannel, Header().vchannel);
    EXPECT_EQ(record->header().writer, base::WriterId{77});
    EXPECT_EQ(record->header().sequence, 12u);
    EXPECT_EQ(record->header().proposed.value, 1000u);
    EXPECT_EQ(record->header().schema_version, 3u);
    ASSERT_EQ(record->runs().size(), 2u);
    EXPECT_EQ(record->runs()[1].segment, SegmentId{61});
    EXPECT_THAT(record->keys().As<std::int64_t>(),
                ElementsAre(-1, 0, 9000000000));
    EXPECT_THAT(Rows(*record->Column(FieldId{101})),
                ElementsAre("red", "null:", "blue"));
    EXPECT_EQ(record->Column(FieldId{102})->As<float>()[11], 5.5f);
    EXPECT_EQ(bytes, written.view());
  }
}

TEST(GoldenTest, RecordsWithoutRows) {
  const PartitionId partitions[] = {PartitionId{5}, PartitionId{6}};
  const SegmentId segments[] = {SegmentId{8}};
  OwnedColumn keys{.type = DataType::kVarChar,
                   .rows = 2,
                   .values = "abc",
                   .offsets = {0, 1, 3}};
  const std::vector<std::pair<std::string, base::Buffer>> all = {
      {"create_collection_v1.record",
       *BuildCreateCollection(Header(), "collection")},
      {"delete_v1.record",
       *BuildDelete(
           Header(),
           {.keys = keys.view(), .upto = {900}, .partition = PartitionId{5}})},
      {"close_segments_v1.record", *BuildCloseSegments(Header(), partitions)},
      {"create_partition_v1.record",
       *BuildCreatePartition(Header(), PartitionId{5}, "spring")},
      {"drop_partition_v1.record",
       *BuildDropPartition(Header(), PartitionId{6}, "summer")},
      {"schema_change_v1.record", *BuildSchemaChange(Header(), 4, "schema")},
      {"import_v1.record", *BuildImport(Header(), segments, "payload")},
      {"tick_v1.record", *BuildTick(Header())},
      {"drop_collection_v1.record", *BuildDropCollection(Header())},
  };
  std::map<RecordType, RecordView> records;
  for (const auto& [name, written] : all) {
    const std::string bytes = Golden(name, written.view());
    EXPECT_EQ(bytes, written.view()) << name;
    const auto record = ParseRecord(base::Buffer::FromString(bytes));
    ASSERT_TRUE(record.ok()) << name << record.status();
    records[record->type()] = *record;
  }
  EXPECT_EQ(records.size(), all.size());
  EXPECT_EQ(records[RecordType::kCreateCollection].payload(), "collection");
  EXPECT_THAT(Rows(records[RecordType::kDelete].keys()),
              ElementsAre("a", "bc"));
  EXPECT_EQ(records[RecordType::kDelete].upto().value, 900u);
  EXPECT_EQ(records[RecordType::kDelete].partition(), PartitionId{5});
  EXPECT_THAT(records[RecordType::kCloseSegments].partitions(),
              ElementsAre(PartitionId{5}, PartitionId{6}));
  EXPECT_EQ(records[RecordType::kCreatePartition].partition_name(), "spring");
  EXPECT_EQ(records[RecordType::kDropPartition].partition(), PartitionId{6});
  EXPECT_EQ(records[RecordType::kSchemaChange].new_schema_version(), 4u);
  EXPECT_EQ(records[RecordType::kSchemaChange].payload(), "schema");
  EXPECT_THAT(records[RecordType::kImport].segments(),
              ElementsAre(SegmentId{8}));
}

TEST(GoldenTest, ReplayState) {
  Replay replay(Header().vchannel);
  RecordHeader header = Header();
  const auto position = storage::Position::FromBytes("0001");
  replay.Apply(*ParseRecord(*BuildCreateCollection(header, "")), position);
  header.sequence = 13;
  replay.Apply(*ParseRecord(*BuildDropPartition(header, PartitionId{4}, "p")),
               position);
  header.writer = base::WriterId{78};
  replay.Apply(*ParseRecord(*BuildTick(header)), position);
  const base::Buffer rows = ThreeRows(RecordType::kInsert);
  std::string again(rows.view());
  again[48] = 14;  // sequence
  replay.Apply(*ParseRecord(WithRightChecksums(again)),
               storage::Position::FromBytes("0002"));
  const std::string written = replay.Serialize();
  const std::string bytes = Golden("state_v1.replay", written);
  const auto restored = Replay::Deserialize(bytes, "golden");
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(restored->vchannel(), Header().vchannel);
  EXPECT_EQ(restored->clock().value, 1003u);
  EXPECT_EQ(restored->schema_version(), 3u);
  EXPECT_TRUE(restored->IsDropped(PartitionId{4}));
  EXPECT_FALSE(restored->collection_dropped());
  ASSERT_EQ(restored->open_segments().size(), 2u);
  EXPECT_EQ(
      restored->open_segments().at(PartitionId{5}),
      (OpenSegment{.segment = SegmentId{51},
                   .partition = PartitionId{5},
                   .rows = 2,
                   .bytes = 2 * (8 + 8 + 4 + 16) + 3,
                   .opened_at = {1003},
                   .opened_position = storage::Position::FromBytes("0002")}));
  EXPECT_EQ(bytes, written);
}

base::Buffer WriteColumn(const OwnedColumn& column, Compression compression) {
  MemoryUpload upload;
  ColumnFileWriter writer({.field = FieldId{101},
                           .type = column.type,
                           .dim = column.dim,
                           .rows = column.rows,
                           .has_nulls = !column.nulls.empty(),
                           .compression = compression},
                          upload);
  EXPECT_TRUE(writer.Append(column.view()).ok());
  EXPECT_TRUE(writer.Finish().ok());
  return std::move(upload).Take();
}

TEST(GoldenTest, ColumnFiles) {
  OwnedColumn texts{.type = DataType::kVarChar, .rows = 60, .offsets = {0}};
  for (int i = 0; i < 60; ++i) {
    texts.values += fmt::format("text number {}", i);
    texts.offsets.push_back(static_cast<std::uint32_t>(texts.values.size()));
  }
  OwnedColumn vectors{.type = DataType::kFloat16Vector,
                      .dim = 4,
                      .rows = 3,
                      .values = "abcdefghijklmnopqrstuvwx"};
  OwnedColumn flags{
      .type = DataType::kInt8, .rows = 4, .values = {1, 0, 3, 4}, .nulls = {2}};
  const std::vector<std::tuple<std::string, OwnedColumn, Compression>> all = {
      {"varchar_v1.column", texts, Compression::kNone},
      {"varchar_lz4_v1.column", texts, Compression::kLz4},
      {"float16_vector_v1.column", vectors, Compression::kNone},
      {"int8_with_nulls_v1.column", flags, Compression::kNone},
  };
  for (const auto& [name, column, compression] : all) {
    const base::Buffer written = WriteColumn(column, compression);
    const std::string bytes = Golden(name, written.view());
    const auto file = ColumnFile::Open(base::Buffer::FromString(bytes), name);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ((*file)->type(), column.type);
    EXPECT_EQ((*file)->dim(), column.dim);
    EXPECT_EQ((*file)->field(), FieldId{101});
    const auto chunk = (*file)->Chunk(0);
    ASSERT_TRUE(chunk.ok()) << chunk.status();
    EXPECT_EQ(Rows(chunk->values), Rows(column.view())) << name;
    // Another version of LZ4 may compress otherwise.
    if (compression == Compression::kNone) {
      EXPECT_EQ(bytes, written.view());
    }
  }
}

TEST(GoldenTest, DeleteFiles) {
  const std::int64_t numbers[] = {7, -3, 7};
  OwnedColumn texts{.type = DataType::kVarChar,
                    .rows = 3,
                    .values = "bab",
                    .offsets = {0, 1, 2, 3}};
  const types::ColumnView number_keys{
      .type = DataType::kInt64,
      .rows = 3,
      .values = std::as_bytes(std::span(numbers))};
  for (const auto& [name, keys] :
       {std::pair(std::string("int64_v1.deletes"), number_keys),
        std::pair(std::string("varchar_v1.deletes"), texts.view())}) {
    DeleteFileBuilder builder({.vchannel = Header().vchannel,
                               .key_type = keys.type,
                               .from = storage::Position::FromBytes("0001"),
                               .to = storage::Position::FromBytes("0009")});
    builder.Add({.keys = keys, .upto = {19}, .at = {20}});
    MemoryUpload upload;
    ASSERT_TRUE(builder.Write(upload).ok());
    const base::Buffer written = std::move(upload).Take();
    const std::string bytes = Golden(name, written.view());
    const auto file = DeleteFile::Open(base::Buffer::FromString(bytes), name);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_EQ(file->count(), 3u);
    EXPECT_EQ(file->spec().to, storage::Position::FromBytes("0009"));
    EXPECT_EQ(file->min_at().value, 20u);
    EXPECT_EQ(file->max_upto().value, 19u);
    const bool text = keys.type == DataType::kVarChar;
    EXPECT_EQ(file->key(0), text ? types::PrimaryKey("a")
                                 : types::PrimaryKey(std::int64_t{-3}));
    const DeleteFile::Span found = text ? file->Find("b") : file->Find(7);
    EXPECT_EQ(found.begin, 1u);
    EXPECT_EQ(found.end, 3u);
    EXPECT_EQ(bytes, written.view());
  }
}

TEST(GoldenTest, FoldedDeletes) {
  const std::vector<std::uint32_t> rows = {2, 5};
  const std::vector<std::uint64_t> ats = {70, 60};
  MemoryUpload upload;
  ASSERT_TRUE(
      WriteFoldedDeletes({.segment_rows = 6, .rows = rows, .ats = ats}, upload)
          .ok());
  const base::Buffer written = std::move(upload).Take();
  const std::string bytes = Golden("folded_v1.deletes", written.view());
  const auto file =
      FoldedDeletes::Open(base::Buffer::FromString(bytes), "golden");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->segment_rows(), 6u);
  EXPECT_THAT(file->rows(), ElementsAre(2, 5));
  EXPECT_EQ(file->at(1).value, 60u);
  EXPECT_EQ(bytes, written.view());
}

TEST(GoldenTest, Manifest) {
  const Manifest manifest{
      .vchannel = Header().vchannel,
      .partition = PartitionId{5},
      .segment = SegmentId{51},
      .schema_version = 3,
      .schema = "schema",
      .rows = 10,
      .keys = KeyRange{.min = std::string("a"), .max = std::string("z")},
      .min_at = {100},
      .max_at = {200},
      .synced_to = storage::Position::FromBytes("0042"),
      .deletes_to = {99},
      .history_from = {1},
      .sorted_by_key = true,
      .files = {{.object = "segment/440/5/51/1/1.col",
                 .field = kTimestampField,
                 .rows = 6,
                 .size = 512,
                 .crc = 0xdeadbeef},
                {.object = "segment/440/5/51/2/1.col",
                 .field = kTimestampField,
                 .first_row = 6,
                 .rows = 4,
                 .size = 448,
                 .crc = 1},
                {.object = "segment/440/5/51/2/folded",
                 .kind = SegmentFileKind::kFoldedDeletes,
                 .rows = 2,
                 .size = 300,
                 .crc = 2}}};
  const std::string written = SerializeManifest(manifest);
  const std::string bytes = Golden("segment_v1.manifest", written);
  const auto parsed = ParseManifest(bytes, "golden");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, manifest);
  EXPECT_EQ(bytes, written);
}

}  // namespace
}  // namespace elanus::segment

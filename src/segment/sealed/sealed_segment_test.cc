#include "segment/sealed/sealed_segment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "expr/filter.h"
#include "index/vector/registry.h"
#include "segment/file/column_file.h"
#include "segment/file/folded_deletes.h"
#include "segment/growing/growing_segment.h"
#include "segment/merge.h"
#include "segment/rows_maker_test.h"
#include "testing/local_storage.h"

namespace elanus::segment {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SealedSegmentTest : public ::testing::Test {
 protected:
  void Append(GrowingSegment& segment, std::vector<TestRow> rows,
              std::uint64_t at) {
    const RecordView record = RowsRecord({}, rows);
    ASSERT_TRUE(
        segment.Append({.record = record, .rows = rows.size()}, {at}).ok());
    for (TestRow& row : rows) {
      row.at = at;
      model_.rows.push_back(row);
    }
  }

  // Writes the chunks of a segment as files; gives the manifest's name.
  std::string Write(const Segment& segment, bool has_folded,
                    Compression compression = Compression::kNone) {
    Manifest manifest{.partition = segment.partition(),
                      .segment = segment.id(),
                      .rows = segment.rows(),
                      .min_at = segment.min_at(),
                      .max_at = segment.max_at()};
    std::int64_t min_key = model_.rows[0].key;
    std::int64_t max_key = min_key;
    for (const TestRow& row : model_.rows) {
      min_key = std::min(min_key, row.key);
      max_key = std::max(max_key, row.key);
    }
    manifest.keys = KeyRange{min_key, max_key};
    manifest.sorted_by_key =
        std::ranges::is_sorted(model_.rows, {}, &TestRow::key);
    const auto schema = TestSchema();
    for (const types::FieldSchema& field : schema->fields) {
      WriteColumn(segment, field, compression, &manifest);
    }
    WriteColumn(segment,
                {.id = kTimestampField, .type = types::DataType::kInt64},
                Compression::kNone, &manifest);
    if (has_folded) WriteFolded(segment.rows(), &manifest);
    EXPECT_TRUE(store_->Put("manifest", SerializeManifest(manifest)).ok());
    return "manifest";
  }

  void WriteColumn(const Segment& segment, const types::FieldSchema& field,
                   Compression compression, Manifest* manifest) {
    const std::string name = "column-" + std::to_string(ToInt(field.id));
    auto upload = *store_->StartUpload(name);
    ColumnFileWriter writer({.field = field.id,
                             .type = field.type,
                             .dim = field.dim,
                             .rows = segment.rows(),
                             .has_nulls = field.nullable,
                             .compression = compression},
                            *upload);
    for (const ChunkRange& chunk : segment.Chunks(segment.rows())) {
      const auto values = segment.Column(field, chunk.index);
      ASSERT_TRUE(values.ok()) << values.status();
      const absl::Status status = writer.Append(*values);
      ASSERT_TRUE(status.ok()) << status;
    }
    const WrittenFile written = *writer.Finish();
    ASSERT_TRUE(upload->Finish().ok());
    manifest->files.push_back({.object = name,
                               .kind = SegmentFileKind::kColumn,
                               .field = field.id,
                               .rows = segment.rows(),
                               .size = written.size,
                               .crc = written.crc});
  }

  void WriteFolded(std::size_t rows, Manifest* manifest) {
    const std::vector<std::uint32_t> deleted = {1, 3};
    const std::vector<std::uint64_t> ats = {500, 600};
    auto upload = *store_->StartUpload("folded");
    const WrittenFile written = *WriteFoldedDeletes(
        {.segment_rows = rows, .rows = deleted, .ats = ats}, *upload);
    ASSERT_TRUE(upload->Finish().ok());
    manifest->files.push_back({.object = "folded",
                               .kind = SegmentFileKind::kFoldedDeletes,
                               .rows = rows,
                               .size = written.size,
                               .crc = written.crc});
  }

  std::unique_ptr<GrowingSegment> RandomSegment(std::mt19937& random) {
    auto segment = std::make_unique<GrowingSegment>(
        Segment::Identity{.id = base::SegmentId{1},
                          .partition = base::PartitionId{5},
                          .schema = TestSchema()},
        budget_);
    for (std::uint64_t at = 1; at <= 60; ++at) {
      std::vector<TestRow> rows(1 + random() % 300);
      for (TestRow& row : rows) row = RandomRow(random, 5000);
      Append(*segment, rows, at);
    }
    return segment;
  }

  // An index on the model's vectors; the names of its objects.
  std::vector<std::string> PutIndex(std::string_view type) {
    std::vector<float> vectors;
    for (const TestRow& row : model_.rows) {
      vectors.insert(vectors.end(), row.vector.begin(), row.vector.end());
    }
    const index::VectorBlock block{.data = vectors.data(),
                                   .rows = model_.rows.size()};
    const auto spec = *index::ParseIndexSpec(
        {.type_name = type, .metric_name = "L2", .dim = kDim});
    const auto built = *index::BuildIndex(
        {}, spec, {.blocks = std::span(&block, 1), .dim = kDim}, {});
    std::vector<std::string> names;
    const std::vector<index::IndexFile> saved = *built->Save();
    for (const index::IndexFile& file : saved) {
      names.push_back("index/" + file.name);
      EXPECT_TRUE(store_->Put(names.back(), file.bytes.bytes()).ok());
    }
    return names;
  }

  testing::TempFolder folder_;
  base::MemoryBudget budget_{std::int64_t{1} << 40};
  std::unique_ptr<storage::LocalObjectStore> store_ =
      testing::OpenObjects(folder_);
  NaiveSegment model_;
};

TEST_F(SealedSegmentTest, AnswersAsTheGrowingSegmentThatItWasWrittenFrom) {
  std::mt19937 random(1);
  const auto growing = RandomSegment(random);
  const std::string manifest = Write(*growing, false, Compression::kLz4);
  const std::shared_ptr<SealedSegment> sealed = *SealedSegment::Open(
      *store_, budget_, {.manifest = manifest, .schema = TestSchema()});
  for (int i = 0; i < 300; ++i) {
    const KeyView key = static_cast<std::int64_t>(random() % 5000);
    const std::uint64_t at = 70 + static_cast<std::uint64_t>(i);
    const std::uint64_t upto = 1 + random() % at;
    ASSERT_TRUE(growing->Delete(key, {upto}, {at}).ok());
    ASSERT_TRUE(sealed->Delete(key, {upto}, {at}).ok());
  }
  sealed->PublishDeletes();
  const std::array<float, kDim> query{5, 50, 20, 7};
  for (const char* text :
       {"", "price > 20", "color like \"a%\"", "id in [1, 2, 3, 4, 5, 6, 7]",
        "price is null", "id % 7 == 3 and price < 30"}) {
    const auto plan = *expr::CompileFilter(text, *TestSchema(), {});
    for (const std::uint64_t read_ts : {0, 1, 30, 60, 80, 200, 1000}) {
      const RowFilter filter{
          .schema = TestSchema(), .filter = plan, .read_ts = {read_ts}};
      const auto wanted = FilterRows({}, *growing, filter);
      const auto got = FilterRows({}, *sealed, filter);
      ASSERT_TRUE(wanted.ok()) << wanted.status();
      ASSERT_TRUE(got.ok()) << got.status();
      EXPECT_EQ(PassingRows(*got), PassingRows(*wanted)) << text;
      const SearchPlan plan_of_search{.schema = TestSchema(),
                                      .filter = plan,
                                      .vector_field = kVectorField,
                                      .metric = types::MetricType::kL2,
                                      .queries = query,
                                      .k = 20,
                                      .read_ts = {read_ts}};
      EXPECT_EQ(*Search({}, *sealed, plan_of_search),
                *Search({}, *growing, plan_of_search))
          << text;
    }
  }
  for (std::size_t i = 0; i < model_.rows.size(); i += 101) {
    ASSERT_EQ(ReadRow(*sealed, static_cast<RowOffset>(i)), model_.rows[i]);
  }
}

TEST_F(SealedSegmentTest, OfRowsInKeyOrderALimitGivesTheFirst) {
  GrowingSegment growing({.id = base::SegmentId{1},
                          .partition = base::PartitionId{5},
                          .schema = TestSchema()},
                         budget_);
  // Three rows a key, over several chunks; of a key the last is the newest.
  for (std::uint64_t at = 1; at <= 100; ++at) {
    std::vector<TestRow> rows(300);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i].key = static_cast<std::int64_t>(model_.rows.size() + i) / 3;
    }
    Append(growing, rows, at);
  }
  const std::shared_ptr<SealedSegment> sealed = *SealedSegment::Open(
      *store_, budget_,
      {.manifest = Write(growing, false), .schema = TestSchema()});
  ASSERT_TRUE(sealed->is_in_key_order());
  ASSERT_GT(sealed->rows(), 3 * kChunkRows);
  ASSERT_TRUE(sealed->Delete(KeyView(std::int64_t{1}), {100}, {101}).ok());
  sealed->PublishDeletes();
  const auto all =
      *Retrieve({}, *sealed, {.schema = TestSchema(), .read_ts = {200}}, {});
  ASSERT_EQ(all.size(), sealed->rows() / 3 - 1);
  for (const std::size_t limit : {1U, 2U, 2730U, 2731U, 6000U}) {
    const auto first =
        *Retrieve({}, *sealed, {.schema = TestSchema(), .read_ts = {200}},
                  {.limit = limit});
    ASSERT_EQ(first.size(), limit);
    for (std::size_t i = 0; i < limit; ++i) {
      EXPECT_EQ(first[i].key, all[i].key);
      EXPECT_EQ(first[i].row, all[i].row);
    }
  }
}

TEST_F(SealedSegmentTest, AnIndexGivesWhatTheScanGives) {
  std::mt19937 random(2);
  const auto growing = RandomSegment(random);
  const std::string manifest = Write(*growing, false);
  const std::shared_ptr<SealedSegment> sealed = *SealedSegment::Open(
      *store_, budget_, {.manifest = manifest, .schema = TestSchema()});
  ASSERT_TRUE(sealed->Delete(KeyView(std::int64_t{17}), {60}, {70}).ok());
  sealed->PublishDeletes();
  const std::array<float, kDim> query{5, 50, 20, 7};
  const auto plan = *expr::CompileFilter("price > 20", *TestSchema(), {});
  const SearchPlan search{.schema = TestSchema(),
                          .filter = plan,
                          .vector_field = kVectorField,
                          .metric = types::MetricType::kL2,
                          .queries = query,
                          .k = 10,
                          .read_ts = {80}};
  const SegmentHits wanted = *Search({}, *sealed, search);
  const absl::Status loaded = sealed->LoadIndex(kVectorField, PutIndex("FLAT"));
  ASSERT_TRUE(loaded.ok()) << loaded;
  ASSERT_NE(sealed->vector_index(kVectorField), nullptr);
  EXPECT_EQ(*Search({}, *sealed, search), wanted);
  SearchPlan range = search;
  range.range = DistanceRange{.at_least = wanted[0][2].distance,
                              .below = wanted[0][8].distance};
  const SegmentHits in_range = *Search({}, *sealed, range);
  sealed->DropIndex(kVectorField);
  EXPECT_EQ(*Search({}, *sealed, range), in_range);
}

TEST_F(SealedSegmentTest, WhatAnIndexHoldsBesidesItsFilesIsInTheBudget) {
  std::mt19937 random(2);
  const auto growing = RandomSegment(random);
  const std::string manifest = Write(*growing, false);
  const std::vector<std::string> names = PutIndex("IVF_SQ8");
  for (const bool use_mmap : {true, false}) {
    const std::shared_ptr<SealedSegment> sealed = *SealedSegment::Open(
        *store_, budget_,
        {.manifest = manifest, .schema = TestSchema(), .use_mmap = use_mmap});
    const std::int64_t before = budget_.used();
    ASSERT_TRUE(sealed->LoadIndex(kVectorField, names).ok());
    const auto loaded = sealed->vector_index(kVectorField);
    const std::size_t all = loaded->memory_bytes();
    const std::size_t in_files = (*loaded->Save())[0].bytes.size();
    ASSERT_GT(all, in_files);
    EXPECT_EQ(budget_.used() - before,
              static_cast<std::int64_t>(use_mmap ? all - in_files : all));
    sealed->DropIndex(kVectorField);
    EXPECT_EQ(budget_.used(), before);
  }
}

TEST_F(SealedSegmentTest, FoldedDeletesCountFromTheirTime) {
  std::mt19937 random(3);
  const auto growing = RandomSegment(random);
  const std::shared_ptr<SealedSegment> sealed = *SealedSegment::Open(
      *store_, budget_,
      {.manifest = Write(*growing, true), .schema = TestSchema()});
  sealed->PublishDeletes();
  const auto excluded = [&](std::uint64_t read_ts) {
    return sealed->VisibleAt({read_ts})->excluded.Count();
  };
  EXPECT_EQ(excluded(499), 0u);
  EXPECT_EQ(excluded(500), 1u);
  EXPECT_EQ(excluded(600), 2u);
}

TEST_F(SealedSegmentTest, ColumnsInMemoryAreAccountedAndRefusedBeyondTheLimit) {
  std::mt19937 random(4);
  const auto growing = RandomSegment(random);
  const std::string manifest = Write(*growing, false);
  base::MemoryBudget small(100000);
  EXPECT_EQ(base::CodeOf(SealedSegment::Open(*store_, small,
                                             {.manifest = manifest,
                                              .schema = TestSchema(),
                                              .use_mmap = false})
                             .status()),
            base::ErrorCode::kMemoryLimitExceeded);
  EXPECT_EQ(small.used(), 0);
  base::MemoryBudget large(std::int64_t{1} << 30);
  const auto sealed = SealedSegment::Open(
      *store_, large,
      {.manifest = manifest, .schema = TestSchema(), .use_mmap = false});
  ASSERT_TRUE(sealed.ok()) << sealed.status();
  EXPECT_GT(large.used(), static_cast<std::int64_t>(16 * growing->rows()));
}

TEST_F(SealedSegmentTest, UnpackedChunksAreKeptOnceAndRefusedBeyondTheLimit) {
  std::mt19937 random(9);
  const auto growing = RandomSegment(random);
  base::MemoryBudget budget(std::int64_t{1} << 20);
  const auto sealed = SealedSegment::Open(
      *store_, budget,
      {.manifest = Write(*growing, false, Compression::kLz4),
       .schema = TestSchema()});
  ASSERT_TRUE(sealed.ok()) << sealed.status();
  const std::int64_t before = budget.used();
  {
    const base::MemoryReservation all = budget.Charge(budget.limit() - before);
    EXPECT_EQ(base::CodeOf((*sealed)->Column(kColorField, 0).status()),
              base::ErrorCode::kMemoryLimitExceeded);
  }
  std::vector<std::thread> readers;
  for (int i = 0; i < 8; ++i) {
    readers.emplace_back(
        [&sealed] { EXPECT_TRUE((*sealed)->Column(kColorField, 0).ok()); });
  }
  for (std::thread& reader : readers) reader.join();
  const auto chunk = (*sealed)->Column(kColorField, 0);
  ASSERT_TRUE(chunk.ok()) << chunk.status();
  const std::size_t bytes = chunk->values.size() + chunk->offsets.size_bytes();
  EXPECT_LT(budget.used() - before, static_cast<std::int64_t>(2 * bytes));
}

TEST_F(SealedSegmentTest, ADamagedColumnIsNamedWhenItIsRead) {
  std::mt19937 random(5);
  const auto growing = RandomSegment(random);
  const std::string manifest = Write(*growing, false);
  {
    std::fstream file(
        std::filesystem::path(folder_.path()) / "objects/column-103",
        std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(1000);
    file.put('\x5A');
    file.put('\xA5');
  }
  const auto sealed = SealedSegment::Open(
      *store_, budget_, {.manifest = manifest, .schema = TestSchema()});
  ASSERT_TRUE(sealed.ok()) << sealed.status();
  const std::array<float, kDim> query{};
  const auto hits = Search({}, **sealed,
                           {.schema = TestSchema(),
                            .vector_field = kVectorField,
                            .queries = query,
                            .read_ts = {80}});
  EXPECT_EQ(base::CodeOf(hits.status()), base::ErrorCode::kDataIntegrity);
  EXPECT_THAT(std::string(base::MessageOf(hits.status())),
              HasSubstr("column-103"));
}

TEST_F(SealedSegmentTest, MergingGivesEachKeyOnceNearestFirst) {
  GrowingSegment a({.id = base::SegmentId{1}, .schema = TestSchema()}, budget_);
  GrowingSegment b({.id = base::SegmentId{2}, .schema = TestSchema()}, budget_);
  Append(a, {{.key = 7, .vector = {1}}, {.key = 8, .vector = {2}}}, 1);
  Append(b, {{.key = 7, .vector = {3}}, {.key = 5, .vector = {2}}}, 2);
  const std::array<float, kDim> query{};
  const SearchPlan plan{.schema = TestSchema(),
                        .vector_field = kVectorField,
                        .metric = types::MetricType::kL2,
                        .queries = query,
                        .k = 10,
                        .read_ts = {9}};
  const std::vector<SegmentHits> hits = {*Search({}, a, plan),
                                         *Search({}, b, plan)};
  const auto unowned = [](const Segment& segment) {
    return std::shared_ptr<const Segment>(std::shared_ptr<void>(), &segment);
  };
  const std::vector<std::shared_ptr<const Segment>> segments = {unowned(a),
                                                                unowned(b)};
  std::vector<std::int64_t> keys;
  const auto merged = *MergeHits(segments, hits, 3);
  for (const MergedHit& hit : merged[0]) {
    keys.push_back(std::get<std::int64_t>(hit.key));
  }
  EXPECT_THAT(keys, ElementsAre(7, 5, 8));
  EXPECT_EQ(merged[0][0].source, 0u);

  const RowFilter all{.schema = TestSchema(), .read_ts = {9}};
  const std::vector<std::vector<FoundRow>> rows = {*Retrieve({}, a, all, {}),
                                                   *Retrieve({}, b, all, {})};
  const auto newest = MergeRows(rows, 2);
  ASSERT_EQ(newest.size(), 2u);
  EXPECT_EQ(newest[0].key, types::PrimaryKey(std::int64_t{5}));
  EXPECT_EQ(newest[1].key, types::PrimaryKey(std::int64_t{7}));
  EXPECT_EQ(newest[1].source, 1u);
}

TEST_F(SealedSegmentTest, MergingAgreesWithTheSortOfAllHits) {
  std::mt19937 random(12);
  std::vector<std::shared_ptr<const Segment>> segments;
  std::vector<SegmentHits> hits;
  std::vector<std::tuple<float, std::int64_t>> all;
  for (int i = 0; i < 5; ++i) {
    auto segment = std::make_shared<GrowingSegment>(
        Segment::Identity{.id = base::SegmentId{i}, .schema = TestSchema()},
        budget_);
    std::vector<TestRow> rows(40);
    for (TestRow& row : rows) row = RandomRow(random, 90);
    Append(*segment, rows, 1);
    std::vector<index::Neighbor> found;
    for (std::uint32_t row = 0; row < rows.size(); ++row) {
      // Few distances: many hits are equally near.
      found.push_back(
          {.distance = static_cast<float>(random() % 20), .row = row});
      all.emplace_back(found.back().distance, rows[row].key);
    }
    std::ranges::sort(found, {}, &index::Neighbor::distance);
    hits.push_back({found});
    segments.push_back(std::move(segment));
  }
  std::ranges::sort(all);
  for (const std::size_t k : {1U, 7U, 60U, 500U}) {
    std::vector<std::tuple<float, std::int64_t>> wanted;
    std::set<std::int64_t> seen;
    for (const auto& [distance, key] : all) {
      if (wanted.size() < k && seen.insert(key).second) {
        wanted.emplace_back(distance, key);
      }
    }
    std::vector<std::tuple<float, std::int64_t>> got;
    const auto merged = *MergeHits(segments, hits, k);
    for (const MergedHit& hit : merged[0]) {
      got.emplace_back(hit.distance, std::get<std::int64_t>(hit.key));
      EXPECT_EQ(*segments[hit.source]->KeyOfRow(hit.row), hit.key);
    }
    EXPECT_EQ(got, wanted) << k;
  }
}

}  // namespace
}  // namespace elanus::segment

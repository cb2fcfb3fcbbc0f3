#include "segment/growing/growing_segment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "expr/filter.h"
#include "segment/growing/new_growing_segment_test.h"
#include "segment/rows_maker_test.h"

namespace elanus::segment {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class GrowingSegmentTest : public ::testing::Test {
 protected:
  std::unique_ptr<GrowingSegment> NewSegment() {
    return NewGrowingSegment(budget_);
  }

  void Insert(GrowingSegment& segment, std::vector<TestRow> rows,
              std::uint64_t at) {
    const RecordView record = RowsRecord({}, rows);
    const absl::Status status = segment.Append(
        {.record = record, .row_begin = 0, .rows = rows.size()}, {at});
    ASSERT_TRUE(status.ok()) << status;
    for (TestRow& row : rows) {
      row.at = at;
      model_.rows.push_back(row);
    }
  }

  void Delete(GrowingSegment& segment, std::int64_t key, std::uint64_t upto,
              std::uint64_t at) {
    ASSERT_TRUE(segment.Delete(KeyView(key), {upto}, {at}).ok());
    model_.tombs.push_back({key, upto, at});
  }

  std::vector<std::size_t> Passing(const Segment& segment,
                                   std::uint64_t read_ts) {
    return PassingRows(*FilterRows(
        {}, segment, {.schema = TestSchema(), .read_ts = {read_ts}}));
  }

  base::MemoryBudget budget_{std::int64_t{1} << 40};
  NaiveSegment model_;
};

TEST_F(GrowingSegmentTest, DeleteHidesOlderRowsFromItsTimeOnOnly) {
  auto segment = NewSegment();
  Insert(*segment, {{.key = 1}, {.key = 2}}, 10);
  Delete(*segment, 1, 20, 20);
  Insert(*segment, {{.key = 1}}, 30);
  EXPECT_THAT(Passing(*segment, 9), IsEmpty());
  EXPECT_THAT(Passing(*segment, 19), ElementsAre(0, 1));
  EXPECT_THAT(Passing(*segment, 20), ElementsAre(1));
  EXPECT_THAT(Passing(*segment, 30), ElementsAre(1, 2));
}

TEST_F(GrowingSegmentTest, UptoSparesRowsWrittenAfterTheFilterWasEvaluated) {
  auto segment = NewSegment();
  Insert(*segment, {{.key = 1}}, 10);
  Insert(*segment, {{.key = 1}}, 12);
  Delete(*segment, 1, 11, 20);
  EXPECT_THAT(Passing(*segment, 20), ElementsAre(1));
}

TEST_F(GrowingSegmentTest, TombstonesOfAnotherPartitionDoNothing) {
  auto segment = NewSegment();
  Insert(*segment, {{.key = 1}}, 10);
  const std::int64_t key = 1;
  const TombstoneRun run{.keys = {.type = types::DataType::kInt64,
                                  .rows = 1,
                                  .values = std::as_bytes(std::span(&key, 1))},
                         .upto = {20},
                         .at = {20},
                         .partition = base::PartitionId{6}};
  ASSERT_TRUE(segment->Delete(run).ok());
  EXPECT_THAT(Passing(*segment, 30), ElementsAre(0));
}

TEST_F(GrowingSegmentTest, EverythingAgreesWithANaiveModelAtEveryTime) {
  for (unsigned seed = 0; seed < 6; ++seed) {
    std::mt19937 random(seed);
    model_ = {};
    auto segment = NewSegment();
    std::uint64_t at = 1;
    const std::int64_t keys = seed % 2 == 0 ? 30 : 3000;
    for (int step = 0; step < 150; ++step) {
      at += 1 + random() % 3;
      if (random() % 3 == 0) {
        const auto key = static_cast<std::int64_t>(random()) % keys;
        Delete(*segment, key, random() % 4 == 0 ? at - random() % at : at, at);
        continue;
      }
      std::vector<TestRow> rows(1 + random() % (step % 10 == 0 ? 400 : 6));
      for (TestRow& row : rows) row = RandomRow(random, keys);
      if (random() % 2 == 0) {
        for (const TestRow& row : rows) {
          Delete(*segment, row.key, at - 1, at);
        }
      }
      Insert(*segment, rows, at);
    }
    const auto plan = *expr::CompileFilter("price > 20 and color != \"b\"",
                                           *TestSchema(), {});
    for (std::uint64_t read_ts = 0; read_ts < at + 3; read_ts += 7) {
      const auto visible = model_.Visible(read_ts);
      ASSERT_EQ(Passing(*segment, read_ts), visible) << "at " << read_ts;
      std::vector<std::size_t> wanted;
      for (const std::size_t i : visible) {
        const TestRow& row = model_.rows[i];
        if (row.price > 20 && row.color != "b") wanted.push_back(i);
      }
      const auto passed = *FilterRows(
          {}, *segment,
          {.schema = TestSchema(), .filter = plan, .read_ts = {read_ts}});
      ASSERT_EQ(PassingRows(passed), wanted) << "at " << read_ts;
      ASSERT_EQ(passed.count, wanted.size());
    }
    for (std::size_t i = 0; i < model_.rows.size(); i += 17) {
      ASSERT_EQ(ReadRow(*segment, static_cast<RowOffset>(i)), model_.rows[i]);
    }
  }
}

TEST_F(GrowingSegmentTest, SearchWithAFilterIsTheNaiveLoop) {
  std::mt19937 random(7);
  auto segment = NewSegment();
  for (std::uint64_t at = 1; at < 40; ++at) {
    std::vector<TestRow> rows(20);
    for (TestRow& row : rows) row = RandomRow(random, 100000);
    Insert(*segment, rows, at);
    if (at % 3 == 0) {
      Delete(*segment, model_.rows[random() % model_.rows.size()].key, at, at);
    }
  }
  const auto plan = *expr::CompileFilter("price >= 10", *TestSchema(), {});
  const std::array<float, 2 * kDim> queries{5, 50, 20, 7, 99, 1, 0, 30};
  const auto hits = Search({}, *segment,
                           {.schema = TestSchema(),
                            .filter = plan,
                            .vector_field = kVectorField,
                            .metric = types::MetricType::kL2,
                            .queries = queries,
                            .nq = 2,
                            .k = 9,
                            .read_ts = {33}});
  ASSERT_TRUE(hits.ok()) << hits.status();
  for (std::size_t q = 0; q < 2; ++q) {
    std::vector<index::Neighbor> wanted;
    for (const std::size_t i : model_.Visible(33)) {
      if (!(model_.rows[i].price >= 10)) continue;
      float distance = 0;
      for (std::size_t d = 0; d < kDim; ++d) {
        const float x = model_.rows[i].vector[d] - queries[q * kDim + d];
        distance += x * x;
      }
      wanted.push_back({distance, static_cast<std::uint32_t>(i)});
    }
    std::sort(wanted.begin(), wanted.end());
    wanted.resize(9);
    EXPECT_EQ((*hits)[q], wanted);
  }
}

TEST_F(GrowingSegmentTest, KeyListsFindTheRowsThatAScanFinds) {
  std::mt19937 random(3);
  auto segment = NewSegment();
  for (std::uint64_t at = 1; at < 60; ++at) {
    std::vector<TestRow> rows(10);
    for (TestRow& row : rows) row = RandomRow(random, 200);
    Insert(*segment, rows, at);
  }
  for (const char* text :
       {"id in [3, 7, 150, 999]", "id in [3, 7, 150, 999] and price < 25"}) {
    const auto plan = *expr::CompileFilter(text, *TestSchema(), {});
    std::vector<std::size_t> wanted;
    for (const std::size_t i : model_.Visible(50)) {
      const TestRow& row = model_.rows[i];
      const bool is_listed = row.key == 3 || row.key == 7 || row.key == 150;
      const bool is_cheap = row.price.has_value() && *row.price < 25;
      if (is_listed && (is_cheap || std::string_view(text).size() < 25)) {
        wanted.push_back(i);
      }
    }
    EXPECT_EQ(PassingRows(*FilterRows(
                  {}, *segment,
                  {.schema = TestSchema(), .filter = plan, .read_ts = {50}})),
              wanted);
  }
}

TEST_F(GrowingSegmentTest, OfAFewKeysTheNewestRowsThatAreLeftAreRetrieved) {
  std::mt19937 random(11);
  auto segment = NewSegment();
  for (std::uint64_t at = 1; at < 60; ++at) {
    std::vector<TestRow> rows(10);
    for (TestRow& row : rows) row = RandomRow(random, 100);
    Insert(*segment, rows, at);
    const TestRow& hit = model_.rows[random() % model_.rows.size()];
    if (at % 2 == 0) Delete(*segment, hit.key, at - random() % at, at);
  }
  const auto plan =
      *expr::CompileFilter("id in [70, 3, 7, 999]", *TestSchema(), {});
  for (std::uint64_t at = 5; at < 60; ++at) {
    std::map<std::int64_t, std::size_t> newest;
    for (const std::size_t i : model_.Visible(at)) {
      const std::int64_t key = model_.rows[i].key;
      if (key == 70 || key == 3 || key == 7) newest[key] = i;
    }
    for (const std::size_t limit : {1U, 2U, 9U}) {
      std::vector<std::size_t> wanted;
      for (const auto& [key, row] : newest) {
        if (wanted.size() < limit) wanted.push_back(row);
      }
      std::vector<std::size_t> rows;
      const std::vector<FoundRow> retrieved =
          *Retrieve({}, *segment,
                    {.schema = TestSchema(), .filter = plan, .read_ts = {at}},
                    {.limit = limit});
      for (const FoundRow& found : retrieved) {
        rows.push_back(found.row);
        EXPECT_EQ(found.at.value, model_.rows[found.row].at);
        EXPECT_EQ(found.key, types::PrimaryKey(model_.rows[found.row].key));
      }
      EXPECT_EQ(rows, wanted);
    }
  }
}

TEST_F(GrowingSegmentTest, RetrieveGivesTheNewestRowOfEachKeyInKeyOrder) {
  auto segment = NewSegment();
  Insert(*segment, {{.key = 5}, {.key = 1}, {.key = 3}}, 10);
  Insert(*segment, {{.key = 1}, {.key = 1}, {.key = 9}}, 20);
  const auto rows = *Retrieve(
      {}, *segment, {.schema = TestSchema(), .read_ts = {99}}, {.limit = 2});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].key, types::PrimaryKey(std::int64_t{1}));
  EXPECT_EQ(rows[0].row, 4u);
  EXPECT_EQ(rows[1].key, types::PrimaryKey(std::int64_t{3}));
  EXPECT_EQ(*Count({}, *segment, {.schema = TestSchema(), .read_ts = {99}}),
            6u);
}

TEST_F(GrowingSegmentTest, ALimitGivesTheFirstOfTheRowsWithoutOne) {
  std::mt19937 random(23);
  auto segment = NewSegment();
  for (std::uint64_t at = 1; at <= 40; ++at) {
    std::vector<TestRow> rows(200);
    for (TestRow& row : rows) row = RandomRow(random, 3000);
    Insert(*segment, rows, at);
  }
  std::map<std::int64_t, RowOffset> newest;
  for (const std::size_t i : model_.Visible(35)) {
    newest[model_.rows[i].key] = static_cast<RowOffset>(i);
  }
  for (const std::size_t limit : {1U, 3U, 700U, 1500U, 2500U, 9999U}) {
    std::vector<RowOffset> wanted;
    for (const auto& [key, row] : newest) {
      if (wanted.size() < limit) wanted.push_back(row);
    }
    std::vector<RowOffset> got;
    const std::vector<FoundRow> found =
        *Retrieve({}, *segment, {.schema = TestSchema(), .read_ts = {35}},
                  {.limit = limit});
    for (const FoundRow& row : found) got.push_back(row.row);
    EXPECT_EQ(got, wanted) << limit;
  }
}

TEST_F(GrowingSegmentTest, FieldsAddedLaterReadAsTheirDefault) {
  auto segment = NewSegment();
  Insert(*segment, {{.key = 5}, {.key = 1}}, 10);
  auto schema = std::make_shared<types::Schema>(*TestSchema());
  schema->fields.push_back({.id = base::FieldId{104},
                            .name = "stock",
                            .type = types::DataType::kInt32,
                            .default_value = std::int64_t{7}});
  const auto column = segment->Column(schema->fields.back(), 0);
  ASSERT_TRUE(column.ok()) << column.status();
  EXPECT_THAT(column->As<std::int32_t>(), ElementsAre(7, 7));
  const auto plan = *expr::CompileFilter("stock == 7", *schema, {});
  EXPECT_EQ(
      *Count({}, *segment, {.schema = schema, .filter = plan, .read_ts = {10}}),
      2u);
}

TEST_F(GrowingSegmentTest, AnUnknownFieldOfARecordIsRefusedAndChangesNothing) {
  auto schema = std::make_shared<types::Schema>(*TestSchema());
  schema->fields.erase(schema->fields.begin() + 1);
  GrowingSegment segment({.id = base::SegmentId{1}, .schema = schema}, budget_);
  const RecordView record = RowsRecord({}, {{.key = 1}});
  const absl::Status status =
      segment.Append({.record = record, .rows = 1}, {10});
  EXPECT_EQ(base::CodeOf(status), base::ErrorCode::kDataIntegrity);
  EXPECT_EQ(segment.rows(), 0u);
}

TEST_F(GrowingSegmentTest, MemoryStaysNearTheRowsThemselves) {
  auto segment = NewSegment();
  constexpr std::size_t kRows = 50000;
  for (std::uint64_t at = 1; at <= kRows; ++at) {
    const RecordView record = RowsRecord(
        {}, {{.key = static_cast<std::int64_t>(at), .color = "some words"}});
    ASSERT_TRUE(segment->Append({.record = record, .rows = 1}, {at}).ok());
  }
  const std::size_t raw = kRows * (8 + 4 + 10 + 8 + kDim * 4);
  EXPECT_LE(segment->memory_bytes(), raw * 5 / 4 + 32 * kRows);
  EXPECT_EQ(budget_.used(), static_cast<std::int64_t>(segment->memory_bytes()));
  segment.reset();
  EXPECT_EQ(budget_.used(), 0);
}

TEST_F(GrowingSegmentTest, ASegmentWithOneRowIsSmall) {
  auto segment = NewSegment();
  Insert(*segment, {{.key = 1}}, 10);
  EXPECT_LT(segment->memory_bytes(), 8u * 1024);
}

TEST_F(GrowingSegmentTest, AKeyWrittenAHundredThousandTimesStaysCheap) {
  auto segment = NewSegment();
  const RecordView record = RowsRecord({}, {{.key = 1}});
  for (std::uint64_t at = 2; at < 100000; ++at) {
    ASSERT_TRUE(segment->Delete(KeyView(std::int64_t{1}), {at - 1}, {at}).ok());
    ASSERT_TRUE(segment->Append({.record = record, .rows = 1}, {at}).ok());
  }
  EXPECT_EQ(*Count({}, *segment, {.schema = TestSchema(), .read_ts = {99999}}),
            1u);
}

// Record i upserts key i % 50: at every published time each key that was
// written is there exactly once.
TEST_F(GrowingSegmentTest, ReadersSeeWholeRecordsWhileTheWriterGoesOn) {
  auto segment = NewSegment();
  constexpr std::uint64_t kRecords = 4000;
  constexpr std::int64_t kKeys = 50;
  std::atomic<std::uint64_t> clock{0};
  std::thread writer([&] {
    for (std::uint64_t at = 1; at <= kRecords; ++at) {
      const std::int64_t key = static_cast<std::int64_t>(at) % kKeys;
      const RecordView record = RowsRecord(
          {}, {{.key = key,
                .price = key % 2 == 0 ? std::optional(key) : std::nullopt}});
      ASSERT_TRUE(segment->Delete(KeyView(key), {at - 1}, {at}).ok());
      ASSERT_TRUE(segment->Append({.record = record, .rows = 1}, {at}).ok());
      clock.store(at, std::memory_order_release);
    }
  });
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&, i] {
      const auto plan = *expr::CompileFilter(i == 0 ? "id in [7]" : "id < 1000",
                                             *TestSchema(), {});
      std::uint64_t now = 0;
      while (now < kRecords) {
        now = clock.load(std::memory_order_acquire);
        const std::uint64_t read_ts = now > 60 && i == 1 ? now - 60 : now;
        const std::size_t count = *Count(
            {}, *segment,
            {.schema = TestSchema(), .filter = plan, .read_ts = {read_ts}});
        const std::size_t wanted = i == 0
                                       ? (read_ts >= 7 ? 1 : 0)
                                       : std::min<std::size_t>(read_ts, kKeys);
        ASSERT_EQ(count, wanted) << "at " << read_ts;
      }
    });
  }
  writer.join();
  for (std::thread& reader : readers) reader.join();
}

// Row by row, and as bits, against the marks themselves.
TEST(DeleteLogTest, EachRowIsDeletedFromItsSmallestTimeOn) {
  constexpr std::size_t kRows = 300;
  for (const bool in_order : {true, false}) {
    std::mt19937 random(7);
    DeleteLog deletes;
    std::vector<std::uint64_t> since(kRows, 1000);
    const auto check = [&] {
      for (std::uint64_t at = 0; at < 120; at += 7) {
        const types::Bitset deleted = deletes.DeletedAt({at}, kRows);
        for (RowOffset row = 0; row < kRows; ++row) {
          const bool is_deleted = since[row] <= at;
          ASSERT_EQ(deleted.Test(row), is_deleted) << row << " at " << at;
          ASSERT_EQ(deletes.IsDeletedAt(row, {at}), is_deleted)
              << row << " at " << at;
        }
      }
    };
    for (unsigned i = 0; i < 200; ++i) {
      if (i == 50) deletes.Publish();
      const auto row = static_cast<RowOffset>(random() % kRows);
      const std::uint64_t step = in_order ? i / 2 : random() % 100;
      const std::uint64_t at = 10 + step;
      deletes.Mark(row, {at});
      since[row] = std::min(since[row], at);
      if (i >= 50 && i % 10 == 0) check();
    }
    check();
  }
}

TEST(DeleteLogTest, MarksOutOfOrderCountFromTheirOwnTime) {
  DeleteLog deletes;
  deletes.Mark(3, {50});
  deletes.Mark(3, {40});
  deletes.Mark(4, {60});
  deletes.Publish();
  EXPECT_FALSE(deletes.Mark(3, {60}));
  EXPECT_TRUE(deletes.Mark(5, {45}));
  EXPECT_TRUE(deletes.DeletedAt({39}, 10).empty());
  EXPECT_THAT(deletes.DeletedAt({44}, 10).words(), ElementsAre(1u << 3));
  EXPECT_THAT(deletes.DeletedAt({59}, 10).words(),
              ElementsAre((1u << 3) | (1u << 5)));
  EXPECT_EQ(deletes.count(), 3u);
}

}  // namespace
}  // namespace elanus::segment

#include "worker/data_node/column_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/memory_budget.h"
#include "segment/growing/growing_segment.h"
#include "segment/rows_maker_test.h"
#include "testing/local_storage.h"

namespace elanus::worker {
namespace {

using segment::TestRow;

class ColumnCopyTest : public ::testing::Test {
 protected:
  void AddSource(std::mt19937& random, std::size_t rows) {
    auto source = std::make_shared<segment::GrowingSegment>(
        segment::Segment::Identity{.id = base::SegmentId{1},
                                   .partition = base::PartitionId{5},
                                   .schema = segment::TestSchema()},
        budget_);
    std::vector<TestRow>& model = model_.emplace_back();
    while (model.size() < rows) {
      std::vector<TestRow> part(
          std::min(rows - model.size(), 1 + random() % 3000));
      for (TestRow& row : part) row = segment::RandomRow(random, 1000);
      const segment::RecordView record = segment::RowsRecord({}, part);
      const absl::Status status = source->Append(
          {.record = record, .rows = part.size()}, {model.size() + 1});
      ASSERT_TRUE(status.ok()) << status;
      model.insert(model.end(), part.begin(), part.end());
    }
    sources_.push_back(std::move(source));
  }

  // Writes `rows` of a field and reads the file back.
  std::unique_ptr<segment::ColumnFile> Copy(const types::FieldSchema& field,
                                            std::span<const SourceRow> rows) {
    const std::string name = "column-" + std::to_string(++files_);
    ColumnCopy copy(sources_, field);
    auto upload = *store_->StartUpload(name);
    segment::ColumnFileWriter writer({.field = field.id,
                                      .type = field.type,
                                      .dim = field.dim,
                                      .rows = rows.size(),
                                      .has_nulls = *copy.HasNulls()},
                                     *upload);
    const absl::Status copied = copy.Copy(rows, writer);
    EXPECT_TRUE(copied.ok()) << copied;
    EXPECT_TRUE(writer.Finish().ok());
    EXPECT_TRUE(upload->Finish().ok());
    return *segment::ColumnFile::Open(*store_->Get(name), name);
  }

  // Calls check(column, row in it, row that has to be there) for each row.
  template <typename Check>
  void Compare(const types::FieldSchema& field, std::span<const SourceRow> rows,
               Check check) {
    const auto file = Copy(field, rows);
    std::size_t next = 0;
    for (std::size_t i = 0; i < file->chunk_count(); ++i) {
      const segment::ColumnChunk chunk = *file->Chunk(i);
      for (std::size_t row = 0; row < chunk.values.rows; ++row, ++next) {
        const SourceRow from = rows[next];
        check(chunk.values, row, model_[from.source][from.row]);
      }
    }
    EXPECT_EQ(next, rows.size());
  }

  void CompareAll(std::span<const SourceRow> rows) {
    const auto schema = segment::TestSchema();
    Compare(
        *schema->Find(segment::kKeyField), rows,
        [](const types::ColumnView& column, std::size_t i, const TestRow& row) {
          ASSERT_EQ(column.As<std::int64_t>()[i], row.key);
        });
    Compare(*schema->Find(segment::kColorField), rows,
            [](const types::ColumnView& column, std::size_t i,
               const TestRow& row) { ASSERT_EQ(column.Text(i), row.color); });
    Compare(
        *schema->Find(segment::kPriceField), rows,
        [](const types::ColumnView& column, std::size_t i, const TestRow& row) {
          ASSERT_EQ(column.nulls.Test(i), !row.price.has_value());
          if (row.price.has_value()) {
            ASSERT_EQ(column.As<std::int64_t>()[i], *row.price);
          }
        });
    Compare(
        *schema->Find(segment::kVectorField), rows,
        [](const types::ColumnView& column, std::size_t i, const TestRow& row) {
          ASSERT_EQ(std::memcmp(column.Bytes(i).data(), row.vector.data(),
                                sizeof(row.vector)),
                    0);
        });
  }

  testing::TempFolder folder_;
  std::unique_ptr<storage::LocalObjectStore> store_ =
      testing::OpenObjects(folder_);
  base::MemoryBudget budget_{std::int64_t{1} << 30};
  Sources sources_;
  std::vector<std::vector<TestRow>> model_;
  int files_ = 0;
};

// Runs of rows are written from where they lie, others one by one: lengths on
// both sides of the border, in turn.
TEST_F(ColumnCopyTest, RowsInRunsOfAnyLengthKeepTheirValues) {
  std::mt19937 random(5);
  AddSource(random, 20000);
  AddSource(random, 700);
  std::vector<SourceRow> rows;
  while (rows.size() < 30000) {
    const auto source = static_cast<std::uint32_t>(random() % 2);
    const std::size_t size = model_[source].size();
    const std::size_t begin = random() % size;
    const std::size_t run =
        std::min(size - begin, std::size_t{1} << random() % 14);
    for (std::size_t i = 0; i < run; ++i) {
      rows.push_back({source, static_cast<segment::RowOffset>(begin + i)});
    }
  }
  CompareAll(rows);
}

TEST_F(ColumnCopyTest, ShuffledRowsKeepTheirValues) {
  std::mt19937 random(6);
  AddSource(random, 9000);
  std::vector<SourceRow> rows;
  for (std::uint32_t row = 0; row < 9000; ++row) rows.push_back({0, row});
  std::shuffle(rows.begin(), rows.end(), random);
  CompareAll(rows);
}

}  // namespace
}  // namespace elanus::worker

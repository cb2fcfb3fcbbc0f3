// Rows, records and a slow second implementation of visibility, for the tests
// of segments.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "segment/query.h"
#include "segment/record/record.h"
#include "segment/record/record_builder.h"
#include "segment/record/rows_builder.h"
#include "segment/search.h"

namespace elanus::segment {

inline constexpr base::FieldId kKeyField{100};
inline constexpr base::FieldId kColorField{101};
inline constexpr base::FieldId kPriceField{102};
inline constexpr base::FieldId kVectorField{103};
inline constexpr std::size_t kDim = 4;

inline std::shared_ptr<const types::Schema> TestSchema() {
  auto schema = std::make_shared<types::Schema>();
  schema->fields = {
      {.id = kKeyField,
       .name = "id",
       .type = types::DataType::kInt64,
       .is_primary_key = true},
      {.id = kColorField, .name = "color", .type = types::DataType::kVarChar},
      {.id = kPriceField,
       .name = "price",
       .type = types::DataType::kInt64,
       .nullable = true},
      {.id = kVectorField,
       .name = "v",
       .type = types::DataType::kFloatVector,
       .dim = kDim}};
  schema->version = 1;
  return schema;
}

struct TestRow {
  std::int64_t key = 0;
  std::string color;
  std::optional<std::int64_t> price;
  std::array<float, kDim> vector{};
  std::uint64_t at = 0;  // filled in by the model

  friend bool operator==(const TestRow&, const TestRow&) = default;
};

template <typename Random>
TestRow RandomRow(Random& random, std::int64_t key_count) {
  TestRow row;
  row.key = static_cast<std::int64_t>(random() % 1000003) % key_count;
  row.color = std::string(random() % 12, 'a') + "bcdefgh"[random() % 7];
  if (random() % 4 != 0) row.price = static_cast<std::int64_t>(random() % 50);
  for (float& x : row.vector) x = static_cast<float>(random() % 100);
  return row;
}

// An Insert or Upsert of one partition.
inline RecordView RowsRecord(RecordHeader header,
                             const std::vector<TestRow>& rows,
                             PartitionRun run = {}) {
  run.row_begin = 0;
  run.rows = static_cast<std::uint32_t>(rows.size());
  std::uint32_t color_bytes = 0;
  for (const TestRow& row : rows) {
    color_bytes += static_cast<std::uint32_t>(row.color.size());
  }
  auto builder = RowsBuilder::Create(
      {.rows = run.rows,
       .runs = {run},
       .key_field = kKeyField,
       .columns = {{.field = kKeyField, .type = types::DataType::kInt64},
                   {.field = kColorField,
                    .type = types::DataType::kVarChar,
                    .value_bytes = color_bytes},
                   {.field = kPriceField,
                    .type = types::DataType::kInt64,
                    .has_nulls = true},
                   {.field = kVectorField,
                    .type = types::DataType::kFloatVector,
                    .dim = kDim}}});
  EXPECT_TRUE(builder.ok()) << builder.status();
  const auto colors = builder->column(1);
  const auto prices = builder->column(2);
  colors.offsets[0] = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const TestRow& row = rows[i];
    std::memcpy(builder->column(0).values.data() + i * 8, &row.key, 8);
    std::memcpy(colors.values.data() + colors.offsets[i], row.color.data(),
                row.color.size());
    colors.offsets[i + 1] =
        colors.offsets[i] + static_cast<std::uint32_t>(row.color.size());
    const std::int64_t price = row.price.value_or(0);
    std::memcpy(prices.values.data() + i * 8, &price, 8);
    if (!row.price.has_value()) {
      prices.nulls[i / 64] |= std::uint64_t{1} << (i % 64);
    }
    std::memcpy(builder->column(3).values.data() + i * kDim * 4,
                row.vector.data(), kDim * 4);
  }
  if (header.type != RecordType::kUpsert) header.type = RecordType::kInsert;
  auto buffer = std::move(*builder).Finish(header);
  EXPECT_TRUE(buffer.ok()) << buffer.status();
  return *ParseRecord(*buffer);
}

// What the log did, row by row and tombstone by tombstone.
struct NaiveSegment {
  struct Tomb {
    std::int64_t key = 0;
    std::uint64_t upto = 0;
    std::uint64_t at = 0;
  };

  std::vector<TestRow> rows;
  std::vector<Tomb> tombs;

  bool IsVisible(const TestRow& row, std::uint64_t read_ts) const {
    return row.at <= read_ts &&
           std::ranges::none_of(tombs, [&](const Tomb& tomb) {
             return tomb.key == row.key && row.at <= tomb.upto &&
                    tomb.at <= read_ts;
           });
  }
  std::vector<std::size_t> Visible(std::uint64_t read_ts) const {
    std::vector<std::size_t> visible;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (IsVisible(rows[i], read_ts)) visible.push_back(i);
    }
    return visible;
  }
};

inline std::vector<std::size_t> PassingRows(const PassedRows& passed) {
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < passed.rows; ++i) {
    if (!passed.excluded.Test(i)) rows.push_back(i);
  }
  return rows;
}

// Reads one row back through Gather.
inline TestRow ReadRow(const Segment& segment, RowOffset row) {
  TestRow read;
  const auto schema = TestSchema();
  const auto gather = [&](base::FieldId field, auto take) {
    const absl::Status status = Gather(
        segment, *schema->Find(field), std::span(&row, 1),
        [&](const types::ColumnView& column, std::span<const RowOffset> rows) {
          take(column, rows[0]);
          return absl::OkStatus();
        });
    EXPECT_TRUE(status.ok()) << status;
  };
  gather(kKeyField, [&](const types::ColumnView& column, RowOffset i) {
    read.key = column.As<std::int64_t>()[i];
  });
  gather(kColorField, [&](const types::ColumnView& column, RowOffset i) {
    read.color = column.Text(i);
  });
  gather(kPriceField, [&](const types::ColumnView& column, RowOffset i) {
    if (!column.nulls.Test(i)) read.price = column.As<std::int64_t>()[i];
  });
  gather(kVectorField, [&](const types::ColumnView& column, RowOffset i) {
    std::memcpy(read.vector.data(), column.Bytes(i).data(), kDim * 4);
  });
  read.at = segment.AtOf(row)->value;
  return read;
}

}  // namespace elanus::segment

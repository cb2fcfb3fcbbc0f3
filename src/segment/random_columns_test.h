// Random columns for the tests of formats, and what to compare them by.
#pragma once

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/crc32c.h"
#include "segment/record/record.h"
#include "segment/record/rows_builder.h"
#include "types/column.h"

namespace elanus::segment {

using Random = std::mt19937_64;

inline std::uint64_t Below(Random& random, std::uint64_t limit) {
  return random() % limit;
}

inline std::string RandomText(Random& random, std::size_t max_size) {
  std::string text(Below(random, max_size + 1), 'a');
  for (char& c : text) c = static_cast<char>('a' + Below(random, 4));
  return text;
}

struct OwnedColumn {
  types::DataType type = types::DataType::kNone;
  std::int64_t dim = 0;
  std::size_t rows = 0;
  std::string values;
  std::vector<std::uint32_t> offsets;
  std::vector<std::uint64_t> nulls;

  types::ColumnView view() const {
    return {.type = type,
            .dim = dim,
            .rows = rows,
            .values = std::as_bytes(std::span(values)),
            .offsets = offsets,
            .nulls = nulls.empty() ? types::BitsetView()
                                   : types::BitsetView(nulls.data(), rows)};
  }
};

inline const std::vector<types::DataType>& AllColumnTypes() {
  using types::DataType;
  static const std::vector<DataType> types = {
      DataType::kBool,          DataType::kInt8,
      DataType::kInt16,         DataType::kInt32,
      DataType::kInt64,         DataType::kFloat,
      DataType::kDouble,        DataType::kVarChar,
      DataType::kArray,         DataType::kJson,
      DataType::kBinaryVector,  DataType::kFloatVector,
      DataType::kFloat16Vector, DataType::kBFloat16Vector,
      DataType::kInt8Vector,    DataType::kSparseFloatVector};
  return types;
}

inline std::int64_t DimFor(types::DataType type) {
  const bool dense = types::IsVector(type) && !types::IsVariableLength(type);
  return dense ? 16 : 0;
}

inline OwnedColumn RandomColumn(Random& random, types::DataType type,
                                std::size_t rows, bool nulls) {
  OwnedColumn column{.type = type, .dim = DimFor(type), .rows = rows};
  if (nulls) {
    column.nulls.resize((rows + 63) / 64);
    for (std::size_t i = 0; i < rows; ++i) {
      column.nulls[i / 64] |= Below(random, 2) << (i % 64);
    }
  }
  if (types::IsVariableLength(type)) {
    column.offsets.push_back(0);
    for (std::size_t i = 0; i < rows; ++i) {
      column.values += RandomText(random, 20);
      column.offsets.push_back(
          static_cast<std::uint32_t>(column.values.size()));
    }
    return column;
  }
  column.values.resize(rows * types::FixedWidth(type, column.dim));
  for (char& c : column.values) c = static_cast<char>(Below(random, 2));
  return column;
}

// What a reader of the column sees, whatever it lies in.
inline std::vector<std::string> Rows(const types::ColumnView& view) {
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < view.rows; ++i) {
    std::string row = view.nulls.Test(i) ? "null:" : "";
    if (types::IsVariableLength(view.type)) {
      row += view.Text(i);
    } else {
      const auto bytes = view.Bytes(i);
      row.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    rows.push_back(row);
  }
  return rows;
}

inline ColumnLayout LayoutOf(base::FieldId field, const OwnedColumn& column) {
  const bool texts = types::IsVariableLength(column.type);
  return {.field = field,
          .type = column.type,
          .dim = column.dim,
          .has_nulls = !column.nulls.empty(),
          .value_bytes =
              texts ? static_cast<std::uint32_t>(column.values.size()) : 0};
}

inline void Fill(const OwnedColumn& column, const ColumnSpans& spans) {
  if (!column.values.empty()) {
    std::memcpy(spans.values.data(), column.values.data(),
                column.values.size());
  }
  std::copy(column.offsets.begin(), column.offsets.end(),
            spans.offsets.begin());
  std::copy(column.nulls.begin(), column.nulls.end(), spans.nulls.begin());
}

// Gives a record whose bytes were changed the checksums that fit them, so that
// what lies behind the checksums is tested as well.
inline base::Buffer WithRightChecksums(std::string record) {
  if (record.size() < 64) return base::Buffer::FromString(std::move(record));
  const auto crc_of = [&](std::size_t begin, std::size_t end,
                          std::uint32_t crc) {
    return base::Crc32c(
        std::as_bytes(std::span(record)).subspan(begin, end - begin), crc);
  };
  const std::uint32_t body = crc_of(64, record.size(), 0);
  std::memcpy(record.data() + 12, &body, sizeof(body));
  const std::uint32_t header = crc_of(12, 64, crc_of(0, 8, 0));
  std::memcpy(record.data() + 8, &header, sizeof(header));
  return base::Buffer::FromString(std::move(record));
}

}  // namespace elanus::segment

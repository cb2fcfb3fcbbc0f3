#include "access/rows_request.h"

#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "access/json_check.h"
#include "access/key_hash.h"
#include "access/vector_values.h"

namespace elanus::access {
namespace {

namespace schema_pb = milvus::proto::schema;

template <typename... Args>
absl::Status Invalid(fmt::format_string<Args...> format, Args&&... args) {
  return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                            "{}: invalid parameter",
                            fmt::format(format, std::forward<Args>(args)...));
}

// How many values the data holds, if they are of the field's kind.
std::optional<std::size_t> CountValues(const types::FieldSchema& field,
                                       const schema_pb::FieldData& data,
                                       std::string_view vectors) {
  const schema_pb::ScalarField& scalars = data.scalars();
  const auto size = [](const auto& values) {
    return std::optional(static_cast<std::size_t>(values.data_size()));
  };
  switch (field.type) {
    case types::DataType::kBool:
      if (scalars.has_bool_data()) return size(scalars.bool_data());
      break;
    case types::DataType::kInt8:
    case types::DataType::kInt16:
    case types::DataType::kInt32:
      if (scalars.has_int_data()) return size(scalars.int_data());
      break;
    case types::DataType::kInt64:
      if (scalars.has_long_data()) return size(scalars.long_data());
      break;
    case types::DataType::kFloat:
      if (scalars.has_float_data()) return size(scalars.float_data());
      break;
    case types::DataType::kDouble:
      if (scalars.has_double_data()) return size(scalars.double_data());
      break;
    case types::DataType::kVarChar:
      if (scalars.has_string_data()) return size(scalars.string_data());
      break;
    case types::DataType::kJson:
      if (scalars.has_json_data()) return size(scalars.json_data());
      break;
    case types::DataType::kBinaryVector:
    case types::DataType::kFloatVector:
    case types::DataType::kFloat16Vector:
    case types::DataType::kBFloat16Vector:
    case types::DataType::kSparseFloatVector:
    case types::DataType::kInt8Vector:
      return CountVectors(field, data.vectors(), vectors);
    default:
      break;
  }
  return std::nullopt;
}

absl::Status CheckRowCount(const types::FieldSchema& field, std::size_t got,
                           std::size_t want) {
  if (got == want) return absl::OkStatus();
  return Invalid(
      "the num_rows ({}) of field ({}) is not equal to passed "
      "num_rows ({}): column size not match",
      got, field.name, want);
}

template <typename Values>
absl::Status CheckFinite(const types::FieldSchema& field,
                         const Values& values) {
  for (int i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    return Invalid(
        "value {} of field {} is '{}': NaN and infinity cannot be "
        "stored",
        i, field.name, values[i]);
  }
  return absl::OkStatus();
}

absl::Status CheckIntRange(const types::FieldSchema& field,
                           const schema_pb::IntArray& values) {
  const int bits = field.type == types::DataType::kInt8    ? 8
                   : field.type == types::DataType::kInt16 ? 16
                                                           : 32;
  const std::int64_t limit = std::int64_t{1} << (bits - 1);
  for (int i = 0; i < values.data_size(); ++i) {
    const std::int64_t value = values.data(i);
    if (value >= -limit && value < limit) continue;
    return Invalid("value {} of field {}: {} is out of range of {} [{}, {}]", i,
                   field.name, value, types::NameOf(field.type), -limit,
                   limit - 1);
  }
  return absl::OkStatus();
}

absl::Status CheckTexts(const types::FieldSchema& field,
                        const schema_pb::StringArray& values) {
  for (int i = 0; i < values.data_size(); ++i) {
    const auto size = static_cast<std::int64_t>(values.data(i).size());
    if (size > field.max_length) {
      return Invalid(
          "length of varchar field {} exceeds max length, row "
          "number: {}, length: {}, max length: {}: the length of "
          "string exceeds max length",
          field.name, i, size, field.max_length);
    }
    if (!IsUtf8(values.data(i))) {
      return Invalid("value {} of field {} is not valid UTF-8", i, field.name);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckJson(const types::Schema& schema,
                       const types::FieldSchema& field,
                       const schema_pb::JSONArray& values,
                       std::int64_t max_bytes) {
  JsonChecker checker(schema);
  for (int i = 0; i < values.data_size(); ++i) {
    const std::string& text = values.data(i);
    if (static_cast<std::int64_t>(text.size()) > max_bytes) {
      return Invalid(
          "the length ({}) of json field ({}), row {}, exceeds max "
          "length ({})",
          text.size(), field.name, i, max_bytes);
    }
    absl::Status checked =
        field.is_dynamic ? checker.CheckDynamic(text) : checker.Check(text);
    if (!checked.ok()) {
      return base::Annotate(std::move(checked), "row {} of field {}", i,
                            field.name);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckValues(const types::Schema& schema,
                         const types::FieldSchema& field,
                         const schema_pb::FieldData& data,
                         const RowsCheck& check) {
  const schema_pb::ScalarField& scalars = data.scalars();
  switch (field.type) {
    case types::DataType::kInt8:
    case types::DataType::kInt16:
      return CheckIntRange(field, scalars.int_data());
    case types::DataType::kFloat:
      return CheckFinite(field, scalars.float_data().data());
    case types::DataType::kDouble:
      return CheckFinite(field, scalars.double_data().data());
    case types::DataType::kVarChar:
      return CheckTexts(field, scalars.string_data());
    case types::DataType::kJson:
      return CheckJson(schema, field, scalars.json_data(),
                       check.max_json_bytes);
    default:
      return absl::OkStatus();
  }
}

// Which value belongs to which row: with valid_data only the valid ones are
// sent, or (by some clients) all of them.
absl::StatusOr<std::vector<std::int32_t>> IndexValues(
    const types::FieldSchema& field, const schema_pb::FieldData& data,
    std::size_t values, std::uint32_t rows) {
  std::vector<std::int32_t> index;
  if (data.valid_data_size() == 0) {
    RETURN_IF_ERROR(CheckRowCount(field, values, rows));
    return index;
  }
  if (!field.nullable && field.default_value.index() == 0) {
    return Invalid(
        "field {} is not nullable and has no default: valid_data "
        "must not be given",
        field.name);
  }
  RETURN_IF_ERROR(CheckRowCount(
      field, static_cast<std::size_t>(data.valid_data_size()), rows));
  std::size_t valid = 0;
  for (const bool is_valid : data.valid_data()) valid += is_valid ? 1 : 0;
  const bool is_compact = values == valid;
  if (!is_compact) RETURN_IF_ERROR(CheckRowCount(field, values, rows));
  std::int32_t next = 0;
  for (int row = 0; row < data.valid_data_size(); ++row) {
    if (!data.valid_data(row)) {
      index.push_back(-1);
    } else {
      index.push_back(is_compact ? next++ : row);
    }
  }
  return index;
}

struct GivenColumn {
  const schema_pb::FieldData* data = nullptr;
  std::string_view vectors;
};
using ByName = absl::flat_hash_map<std::string_view, GivenColumn>;

// The columns of the request by field, each at most once, none unknown.
absl::StatusOr<ByName> NameColumns(const types::Schema& schema,
                                   const RequestColumns& given) {
  ByName columns;
  for (int i = 0; i < given.fields.size(); ++i) {
    const schema_pb::FieldData& data = given.fields[i];
    const auto place = static_cast<std::size_t>(i);
    std::string_view name = data.field_name();
    if (data.is_dynamic()) name = types::kDynamicFieldName;
    if (schema.Find(name) == nullptr) {
      return Invalid(
          "field {} is not in the schema of the collection: "
          "unexpected field",
          name);
    }
    const GivenColumn column{&data, given.vectors.empty()
                                        ? std::string_view()
                                        : given.vectors[place]};
    if (!columns.emplace(name, column).second) {
      return Invalid("field {} is given twice: duplicated field", name);
    }
  }
  return columns;
}

absl::StatusOr<InputColumn> CheckColumn(const types::Schema& schema,
                                        const types::FieldSchema& field,
                                        const GivenColumn& given,
                                        std::uint32_t rows,
                                        const RowsCheck& check) {
  const schema_pb::FieldData* data = given.data;
  InputColumn column{.field = &field, .data = data, .vectors = given.vectors};
  if (data == nullptr) {
    if (field.is_dynamic || field.nullable ||
        field.default_value.index() != 0) {
      return column;
    }
    return Invalid("fieldSchema({}) has no corresponding fieldData pass in",
                   field.name);
  }
  const std::optional<std::size_t> values =
      CountValues(field, *data, given.vectors);
  // No value at all is how clients send a column of nulls.
  const bool all_null =
      !values.has_value() && data->valid_data_size() > 0 &&
      data->field_case() == schema_pb::FieldData::FIELD_NOT_SET;
  if (!values.has_value() && !all_null) {
    return Invalid("the data of field {} are not of its type {}", field.name,
                   types::NameOf(field.type));
  }
  if (types::IsVector(field.type) && !all_null) {
    RETURN_IF_ERROR(CheckVectors(field, data->vectors(), given.vectors));
  }
  ASSIGN_OR_RETURN(column.index,
                   IndexValues(field, *data, values.value_or(0), rows));
  RETURN_IF_ERROR(CheckValues(schema, field, *data, check));
  return column;
}

}  // namespace

absl::StatusOr<RowsRequest> RowsRequest::Check(const types::Schema& schema,
                                               const RequestColumns& given,
                                               std::uint32_t rows,
                                               const RowsCheck& check) {
  if (rows == 0) {
    return base::InvalidInput(
        base::ErrorCode::kParameterInvalid,
        "invalid num_rows: num_rows should be greater than 0: invalid "
        "parameter[expected=greater than 0][actual=0]");
  }
  RowsRequest request;
  request.schema_ = &schema;
  request.rows_ = rows;
  ASSIGN_OR_RETURN(ByName columns, NameColumns(schema, given));
  for (const types::FieldSchema& field : schema.fields) {
    const auto it = columns.find(field.name);
    const GivenColumn of_field =
        it == columns.end() ? GivenColumn() : it->second;
    const bool makes_ids = field.is_primary_key && field.auto_id;
    if (makes_ids && of_field.data != nullptr && !check.is_upsert) {
      return Invalid(
          "the primary key {} is made by the server (auto_id): it "
          "must not be given",
          field.name);
    }
    if (field.is_primary_key) {
      request.key_column_ = request.columns_.size();
      request.needs_ids_ = makes_ids;
    }
    if (makes_ids && !check.is_upsert) {
      request.columns_.push_back({.field = &field});
      continue;
    }
    ASSIGN_OR_RETURN(InputColumn column,
                     CheckColumn(schema, field, of_field, rows, check));
    if (makes_ids) {
      request.old_keys_ = std::make_shared<InputColumn>(std::move(column));
      column = {.field = &field};
    }
    request.columns_.push_back(std::move(column));
  }
  return request;
}

void RowsRequest::SetIds(std::int64_t first) {
  const bool is_text =
      columns_[key_column_].field->type == types::DataType::kVarChar;
  for (std::uint32_t row = 0; row < rows_; ++row) {
    if (is_text) {
      made_texts_.push_back(std::to_string(first + row));
    } else {
      made_ids_.push_back(first + row);
    }
  }
}

segment::KeyView RowsRequest::key(std::uint32_t row) const {
  if (!made_ids_.empty()) return made_ids_[row];
  if (!made_texts_.empty()) return std::string_view(made_texts_[row]);
  const schema_pb::ScalarField& scalars = columns_[key_column_].data->scalars();
  const auto i = static_cast<int>(row);
  if (scalars.has_long_data()) return scalars.long_data().data(i);
  return std::string_view(scalars.string_data().data(i));
}

void RowsRequest::FillIds(schema_pb::IDs* ids) const {
  for (std::uint32_t row = 0; row < rows_; ++row) {
    const segment::KeyView value = key(row);
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      ids->mutable_int_id()->add_data(*number);
    } else {
      ids->mutable_str_id()->add_data(
          std::string(std::get<std::string_view>(value)));
    }
  }
}

std::vector<RowsRequest::RowList> RowsRequest::Scatter(std::uint32_t shards,
                                                       bool keep_last) const {
  std::vector<bool> dropped(rows_, false);
  if (keep_last) {
    absl::flat_hash_set<segment::KeyView> seen;
    for (std::uint32_t row = rows_; row-- > 0;) {
      dropped[row] = !seen.insert(key(row)).second;
    }
  }
  std::vector<RowList> rows(shards);
  for (std::uint32_t row = 0; row < rows_; ++row) {
    if (dropped[row]) continue;
    rows[shards == 1 ? 0 : ShardOfKey(key(row), shards)].push_back(row);
  }
  return rows;
}

}  // namespace elanus::access

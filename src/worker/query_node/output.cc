#include "worker/query_node/output.h"

#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "role/vector_field.h"
#include "segment/query.h"
#include "worker/query_node/dynamic_output.h"

namespace elanus::worker {
namespace {

namespace schema_pb = milvus::proto::schema;

// What the values of one reply take, held against what they may.
class OutputBytes {
 public:
  explicit OutputBytes(std::size_t bytes_max)
      : bytes_max_(bytes_max), left_(bytes_max) {}

  absl::Status Take(std::size_t bytes) {
    if (bytes > left_) return OutputTooLarge(bytes_max_);
    left_ -= bytes;
    return absl::OkStatus();
  }

 private:
  const std::size_t bytes_max_;
  std::size_t left_;
};

// Puts values of one field at their places in a FieldData.
class FieldFiller {
 public:
  FieldFiller(const types::FieldSchema& field, std::size_t rows,
              OutputBytes& bytes, schema_pb::FieldData* data)
      : field_(field), rows_(rows), bytes_(bytes), data_(data) {
    data_->set_field_name(field.name);
    data_->set_field_id(base::ToInt(field.id));
    data_->set_type(static_cast<schema_pb::DataType>(field.type));
    data_->set_is_dynamic(field.is_dynamic);
    Reserve();
  }

  void ReduceTo(std::vector<std::string> keys) {
    reducer_.emplace(std::move(keys));
  }

  // Value `row` of `column` becomes value `to`.
  absl::Status Put(const types::ColumnView& column, std::size_t row,
                   std::size_t to);

 private:
  void Reserve();
  template <typename T>
  static T Read(const types::ColumnView& column, std::size_t row) {
    T value;
    std::memcpy(&value, column.Bytes(row).data(), sizeof(T));
    return value;
  }
  absl::Status PutText(const types::ColumnView& column, std::size_t row,
                       std::string* text);

  const types::FieldSchema& field_;
  const std::size_t rows_;
  OutputBytes& bytes_;
  schema_pb::FieldData* data_;
  std::optional<DynamicReducer> reducer_;
};

void FieldFiller::Reserve() {
  const auto rows = static_cast<int>(rows_);
  schema_pb::ScalarField* scalars = nullptr;
  if (!types::IsVector(field_.type)) scalars = data_->mutable_scalars();
  switch (field_.type) {
    case types::DataType::kBool:
      scalars->mutable_bool_data()->mutable_data()->Resize(rows, false);
      break;
    case types::DataType::kInt8:
    case types::DataType::kInt16:
    case types::DataType::kInt32:
      scalars->mutable_int_data()->mutable_data()->Resize(rows, 0);
      break;
    case types::DataType::kInt64:
      scalars->mutable_long_data()->mutable_data()->Resize(rows, 0);
      break;
    case types::DataType::kFloat:
      scalars->mutable_float_data()->mutable_data()->Resize(rows, 0);
      break;
    case types::DataType::kDouble:
      scalars->mutable_double_data()->mutable_data()->Resize(rows, 0);
      break;
    case types::DataType::kVarChar:
      for (int i = 0; i < rows; ++i) {
        scalars->mutable_string_data()->add_data();
      }
      scalars->mutable_string_data();
      break;
    case types::DataType::kJson:
      for (int i = 0; i < rows; ++i) scalars->mutable_json_data()->add_data();
      scalars->mutable_json_data();
      break;
    default:
      role::MakeVectors(field_.type, field_.dim, rows_,
                        data_->mutable_vectors());
  }
  if (field_.nullable) data_->mutable_valid_data()->Resize(rows, true);
}

absl::Status FieldFiller::PutText(const types::ColumnView& column,
                                  std::size_t row, std::string* text) {
  if (reducer_.has_value()) {
    *text = reducer_->Reduce(column.Text(row));
  } else {
    const std::string_view value = column.Text(row);
    text->assign(value.data(), value.size());
  }
  return bytes_.Take(text->size());
}

absl::Status FieldFiller::Put(const types::ColumnView& column, std::size_t row,
                              std::size_t to) {
  const auto i = static_cast<int>(to);
  if (column.nulls.Test(row)) {
    if (field_.nullable) data_->set_valid_data(i, false);
    return absl::OkStatus();
  }
  schema_pb::ScalarField* scalars =
      types::IsVector(field_.type) ? nullptr : data_->mutable_scalars();
  switch (field_.type) {
    case types::DataType::kBool:
      scalars->mutable_bool_data()->set_data(
          i, Read<std::uint8_t>(column, row) != 0);
      break;
    case types::DataType::kInt8:
      scalars->mutable_int_data()->set_data(i, Read<std::int8_t>(column, row));
      break;
    case types::DataType::kInt16:
      scalars->mutable_int_data()->set_data(i, Read<std::int16_t>(column, row));
      break;
    case types::DataType::kInt32:
      scalars->mutable_int_data()->set_data(i, Read<std::int32_t>(column, row));
      break;
    case types::DataType::kInt64:
      scalars->mutable_long_data()->set_data(i,
                                             Read<std::int64_t>(column, row));
      break;
    case types::DataType::kFloat:
      scalars->mutable_float_data()->set_data(i, Read<float>(column, row));
      break;
    case types::DataType::kDouble:
      scalars->mutable_double_data()->set_data(i, Read<double>(column, row));
      break;
    case types::DataType::kVarChar:
      return PutText(column, row,
                     scalars->mutable_string_data()->mutable_data(i));
    case types::DataType::kJson:
      return PutText(column, row,
                     scalars->mutable_json_data()->mutable_data(i));
    default:
      role::PutVector(column, row, to, data_->mutable_vectors());
      if (field_.type == types::DataType::kSparseFloatVector) {
        return bytes_.Take(column.Text(row).size());
      }
  }
  return absl::OkStatus();
}

// The rows of each segment with their places in the answer.
struct RowsOfSegment {
  std::vector<segment::RowOffset> rows;
  std::vector<std::size_t> places;
};

}  // namespace

absl::Status OutputTooLarge(std::size_t bytes_max) {
  return base::InvalidInput(base::ErrorCode::kParameterTooLarge,
                            "query results exceed the maxOutputSize Limit {}: "
                            "ask for fewer rows or fields",
                            bytes_max);
}

absl::Status FillOutput(const Segments& segments, std::span<const FoundAt> rows,
                        const types::Schema& schema,
                        const internal::OutputColumns& wanted,
                        std::size_t bytes_max, FieldDataList* fields) {
  OutputBytes bytes(bytes_max);
  std::vector<RowsOfSegment> by_segment(segments.size());
  for (std::size_t place = 0; place < rows.size(); ++place) {
    RowsOfSegment& of = by_segment[rows[place].segment];
    of.rows.push_back(rows[place].row);
    of.places.push_back(place);
  }
  for (const std::int64_t id : wanted.field_ids()) {
    const types::FieldSchema* field = schema.Find(base::FieldId{id});
    if (field == nullptr) {
      return base::Error(base::ErrorCode::kFieldNotFound,
                         "field not found[field={}]", id);
    }
    if (!types::IsVariableLength(field->type)) {
      RETURN_IF_ERROR(
          bytes.Take(rows.size() * types::FixedWidth(field->type, field->dim)));
    }
    FieldFiller filler(*field, rows.size(), bytes, fields->Add());
    if (field->is_dynamic && !wanted.whole_dynamic()) {
      filler.ReduceTo(
          {wanted.dynamic_keys().begin(), wanted.dynamic_keys().end()});
    }
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const RowsOfSegment& of = by_segment[i];
      if (of.rows.empty()) continue;
      std::size_t next = 0;
      const absl::Status gathered = segment::Gather(
          *segments[i], *field, of.rows,
          [&](const types::ColumnView& column,
              std::span<const segment::RowOffset> in_column) -> absl::Status {
            for (const segment::RowOffset row : in_column) {
              RETURN_IF_ERROR(filler.Put(column, row, of.places[next]));
              ++next;
            }
            return absl::OkStatus();
          });
      RETURN_IF_ERROR(gathered);
    }
  }
  return absl::OkStatus();
}

void AddKey(const types::PrimaryKey& key, schema_pb::IDs* ids) {
  if (const auto* number = std::get_if<std::int64_t>(&key)) {
    ids->mutable_int_id()->add_data(*number);
  } else {
    ids->mutable_str_id()->add_data(std::get<std::string>(key));
  }
}

}  // namespace elanus::worker

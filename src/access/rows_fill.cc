// RowsRequest::Build: the columns of chosen rows, copied once into a record.
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "access/rows_request.h"
#include "access/vector_values.h"

namespace elanus::access {
namespace {

namespace schema_pb = milvus::proto::schema;

constexpr std::string_view kEmptyObject = "{}";

// Calls fill(to, value index) for the rows that have a value, and notes nulls;
// default(to) for rows without one in a field with a default.
template <typename Fill, typename Default>
void ForEachValue(const InputColumn& column, const RowsRequest::RowList& rows,
                  segment::ColumnSpans& spans, Fill fill, Default use_default) {
  const bool has_default =
      column.field->default_value.index() != 0 || column.field->is_dynamic;
  for (std::size_t to = 0; to < rows.size(); ++to) {
    std::int32_t from = -1;
    if (column.data != nullptr) {
      from = column.index.empty() ? static_cast<std::int32_t>(rows[to])
                                  : column.index[rows[to]];
    }
    if (from >= 0) {
      fill(to, from);
      continue;
    }
    use_default(to);
    if (!has_default && !spans.nulls.empty()) {
      spans.nulls[to / 64] |= std::uint64_t{1} << (to % 64);
    }
  }
}

template <typename T>
T DefaultAs(const types::Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) {
    return static_cast<T>(*flag);
  }
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    return static_cast<T>(*number);
  }
  if (const auto* real = std::get_if<double>(&value)) {
    return static_cast<T>(*real);
  }
  return T{};
}

// `values`: a RepeatedField of the request's own number type; null without
// data.
template <typename T, typename Values>
void FillNumbers(const InputColumn& column, const RowsRequest::RowList& rows,
                 const Values& values, segment::ColumnSpans& spans) {
  const auto put = [&spans](std::size_t to, T value) {
    std::memcpy(spans.values.data() + to * sizeof(T), &value, sizeof(T));
  };
  ForEachValue(
      column, rows, spans,
      [&](std::size_t to, std::int32_t from) {
        put(to, static_cast<T>(values[from]));
      },
      [&](std::size_t to) {
        put(to, DefaultAs<T>(column.field->default_value));
      });
}

std::string_view DefaultText(const types::FieldSchema& field) {
  if (field.is_dynamic) return kEmptyObject;
  const auto* text = std::get_if<std::string>(&field.default_value);
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

// Value `row` of a text column; what its length is decides the layout.
template <typename Visit>
void ForEachText(const InputColumn& column, const RowsRequest::RowList& rows,
                 segment::ColumnSpans& spans, Visit visit) {
  const schema_pb::ScalarField* scalars =
      column.data == nullptr ? nullptr : &column.data->scalars();
  const bool is_json = column.field->type == types::DataType::kJson;
  ForEachValue(
      column, rows, spans,
      [&](std::size_t, std::int32_t from) {
        visit(std::string_view(is_json ? scalars->json_data().data(from)
                                       : scalars->string_data().data(from)));
      },
      [&](std::size_t) { visit(DefaultText(*column.field)); });
}

void PutText(std::string_view text, std::size_t& row,
             segment::ColumnSpans& spans) {
  const std::uint32_t begin = spans.offsets[row];
  // An empty text may have no address, which memcpy does not take.
  if (!text.empty()) {
    std::memcpy(spans.values.data() + begin, text.data(), text.size());
  }
  spans.offsets[++row] = begin + static_cast<std::uint32_t>(text.size());
}

bool NeedsNulls(const InputColumn& column) {
  return column.field->nullable &&
         (column.data == nullptr || !column.index.empty());
}

absl::Status FillColumn(const InputColumn& column,
                        const RowsRequest::RowList& rows,
                        segment::ColumnSpans spans) {
  static const schema_pb::ScalarField kNoScalars;
  const schema_pb::ScalarField& scalars =
      column.data == nullptr ? kNoScalars : column.data->scalars();
  switch (column.field->type) {
    case types::DataType::kBool:
      FillNumbers<std::uint8_t>(column, rows, scalars.bool_data().data(),
                                spans);
      break;
    case types::DataType::kInt8:
      FillNumbers<std::int8_t>(column, rows, scalars.int_data().data(), spans);
      break;
    case types::DataType::kInt16:
      FillNumbers<std::int16_t>(column, rows, scalars.int_data().data(), spans);
      break;
    case types::DataType::kInt32:
      FillNumbers<std::int32_t>(column, rows, scalars.int_data().data(), spans);
      break;
    case types::DataType::kInt64:
      FillNumbers<std::int64_t>(column, rows, scalars.long_data().data(),
                                spans);
      break;
    case types::DataType::kFloat:
      FillNumbers<float>(column, rows, scalars.float_data().data(), spans);
      break;
    case types::DataType::kDouble:
      FillNumbers<double>(column, rows, scalars.double_data().data(), spans);
      break;
    case types::DataType::kVarChar:
    case types::DataType::kJson: {
      spans.offsets[0] = 0;
      std::size_t row = 0;
      ForEachText(column, rows, spans,
                  [&](std::string_view text) { PutText(text, row, spans); });
      break;
    }
    case types::DataType::kBinaryVector:
    case types::DataType::kFloatVector:
    case types::DataType::kFloat16Vector:
    case types::DataType::kBFloat16Vector:
    case types::DataType::kSparseFloatVector:
    case types::DataType::kInt8Vector:
      CopyVectors(*column.field, column.data->vectors(), rows, spans,
                  column.vectors);
      break;
    default:
      return base::Error(base::ErrorCode::kServiceInternal,
                         "field {} is of type {}, which has no writer",
                         column.field->name, types::NameOf(column.field->type));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<segment::RowsBuilder> RowsRequest::Build(
    const RowList& rows, base::PartitionId partition,
    base::SegmentId segment) const {
  segment::RowsLayout layout;
  layout.rows = static_cast<std::uint32_t>(rows.size());
  layout.runs = {{.partition = partition,
                  .segment = segment,
                  .row_begin = 0,
                  .rows = layout.rows}};
  layout.key_field = columns_[key_column_].field->id;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const InputColumn& column = columns_[i];
    segment::ColumnLayout place{.field = column.field->id,
                                .type = column.field->type,
                                .dim = column.field->dim,
                                .has_nulls = NeedsNulls(column)};
    if (types::IsVariableLength(column.field->type)) {
      std::uint64_t bytes = 0;
      segment::ColumnSpans none;
      if (i == key_column_) {
        for (const std::uint32_t row : rows) {
          bytes += std::get<std::string_view>(key(row)).size();
        }
      } else if (types::IsVector(column.field->type)) {
        bytes = SparseBytes(column.data->vectors(), rows);
      } else {
        ForEachText(column, rows, none,
                    [&bytes](std::string_view text) { bytes += text.size(); });
      }
      if (bytes > segment::kMaxRecordBytes) {
        return base::InvalidInput(base::ErrorCode::kParameterTooLarge,
                                  "field {} of {} rows takes {} bytes, one "
                                  "write takes {}",
                                  column.field->name, rows.size(), bytes,
                                  segment::kMaxRecordBytes);
      }
      place.value_bytes = static_cast<std::uint32_t>(bytes);
    }
    layout.columns.push_back(place);
  }
  ASSIGN_OR_RETURN(segment::RowsBuilder builder,
                   segment::RowsBuilder::Create(std::move(layout)));
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    segment::ColumnSpans spans = builder.column(i);
    if (i != key_column_) {
      RETURN_IF_ERROR(FillColumn(columns_[i], rows, spans));
      continue;
    }
    std::size_t text_row = 0;
    if (!spans.offsets.empty()) spans.offsets[0] = 0;
    for (std::size_t to = 0; to < rows.size(); ++to) {
      const segment::KeyView value = key(rows[to]);
      if (const auto* number = std::get_if<std::int64_t>(&value)) {
        std::memcpy(spans.values.data() + to * 8, number, 8);
      } else {
        PutText(std::get<std::string_view>(value), text_row, spans);
      }
    }
  }
  return builder;
}

}  // namespace elanus::access

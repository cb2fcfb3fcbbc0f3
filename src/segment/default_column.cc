#include "segment/default_column.h"

#include <variant>

namespace elanus::segment {
namespace {

template <typename T>
std::string BytesOf(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

std::string IntegerBytes(types::DataType type, std::int64_t value) {
  // Little-endian: the low bytes are the narrower integer.
  return BytesOf(value).substr(0, types::FixedWidth(type, 0));
}

// The bytes of one value, as they stand in a column.
std::string ValueBytes(const types::FieldSchema& field) {
  const types::Value& value = field.default_value;
  if (const auto* flag = std::get_if<bool>(&value)) {
    return std::string(1, *flag ? '\1' : '\0');
  }
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  double number = 0;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    if (types::IsInteger(field.type)) return IntegerBytes(field.type, *integer);
    number = static_cast<double>(*integer);
  } else {
    number = std::get<double>(value);
  }
  return field.type == types::DataType::kFloat
             ? BytesOf(static_cast<float>(number))
             : BytesOf(number);
}

}  // namespace

absl::StatusOr<DefaultValueColumn> DefaultValueColumn::Create(
    const types::FieldSchema& field, std::size_t rows) {
  DefaultValueColumn column;
  column.type_ = field.type;
  column.dim_ = field.dim;
  column.rows_ = rows;
  const bool is_variable = types::IsVariableLength(field.type);
  std::string value;
  if (!std::holds_alternative<std::monostate>(field.default_value)) {
    value = ValueBytes(field);
  } else if (field.is_dynamic) {
    value = "{}";
  } else if (field.nullable) {
    column.nulls_ = types::Bitset(rows, true);
    if (!is_variable) value.resize(types::FixedWidth(field.type, field.dim));
  } else {
    return base::DataLoss(
        "field {} ({}) is missing, has no default and is not nullable",
        field.name, base::ToInt(field.id));
  }
  column.values_.reserve(rows * value.size());
  if (is_variable) column.offsets_.push_back(0);
  for (std::size_t i = 0; i < rows; ++i) {
    column.values_ += value;
    if (is_variable) {
      column.offsets_.push_back(
          static_cast<std::uint32_t>(column.values_.size()));
    }
  }
  return column;
}

types::ColumnView DefaultValueColumn::view() const {
  return {.type = type_,
          .dim = dim_,
          .rows = rows_,
          .values = std::as_bytes(std::span(values_.data(), values_.size())),
          .offsets = offsets_,
          .nulls = nulls_.view()};
}

}  // namespace elanus::segment

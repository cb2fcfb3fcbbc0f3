#include "access/ddl/field_check.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string_view>

#include "access/ddl/names_check.h"

namespace elanus::access {
namespace {

namespace wire = milvus::proto::schema;
using base::ErrorCode;
using base::InvalidInput;
using wire::DataType;
using wire::FieldSchema;
using wire::ValueField;

constexpr std::int64_t kMinDimension = 2;
constexpr std::string_view kDim = "dim";
constexpr std::string_view kMaxLength = "max_length";

absl::Status NotSupported(std::string_view what, const FieldSchema& field) {
  return InvalidInput(ErrorCode::kOperationNotSupported,
                      "{} of field {} is not supported yet: unsupported "
                      "operation",
                      what, field.name());
}

const std::string* FindParam(const FieldSchema& field, std::string_view key) {
  for (const auto& param : field.type_params()) {
    if (param.key() == key) return &param.value();
  }
  return nullptr;
}

std::optional<std::int64_t> ParseInteger(const std::string& text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

absl::Status CheckType(const FieldSchema& field) {
  switch (field.data_type()) {
    case DataType::Bool:
    case DataType::Int8:
    case DataType::Int16:
    case DataType::Int32:
    case DataType::Int64:
    case DataType::Float:
    case DataType::Double:
    case DataType::VarChar:
    case DataType::JSON:
    case DataType::BinaryVector:
    case DataType::FloatVector:
    case DataType::Float16Vector:
    case DataType::BFloat16Vector:
    case DataType::SparseFloatVector:
    case DataType::Int8Vector:
      return absl::OkStatus();
    case DataType::String:
      return InvalidInput(ErrorCode::kParameterInvalid,
                          "string data type not supported yet, please use "
                          "VarChar type instead: field {}: invalid parameter",
                          field.name());
    default:
      return InvalidInput(ErrorCode::kParameterInvalid,
                          "data type {} of field {} is not supported: invalid "
                          "parameter",
                          TypeName(field.data_type()), field.name());
  }
}

absl::Status CheckTypeParams(const FieldSchema& field) {
  std::set<std::string_view> seen;
  for (const auto& param : field.type_params()) {
    if (!seen.insert(param.key()).second) {
      return InvalidInput(ErrorCode::kParameterInvalid,
                          "duplicated type param key {} of field {}: invalid "
                          "parameter",
                          param.key(), field.name());
    }
  }
  constexpr std::array<std::string_view, 3> kText = {
      "enable_analyzer", "enable_match", "multi_analyzer_params"};
  for (const std::string_view key : kText) {
    const std::string* value = FindParam(field, key);
    if (value != nullptr && *value != "false" && *value != "False") {
      return NotSupported(key, field);
    }
  }
  return absl::OkStatus();
}

// Milvus counts bits eight times as generously.
absl::Status CheckBits(const FieldSchema& field, std::int64_t dim,
                       std::int64_t max) {
  if (dim < kMinDimension || dim > max * 8) {
    return InvalidInput(ErrorCode::kUnexpected,
                        "invalid dimension: {} of field {}. binary vector "
                        "dimension should be in range {} ~ {}",
                        dim, field.name(), kMinDimension, max * 8);
  }
  if (dim % 8 == 0) return absl::OkStatus();
  return InvalidInput(ErrorCode::kUnexpected,
                      "invalid dimension: {} of field {}. binary vector "
                      "dimension should be multiple of 8.",
                      dim, field.name());
}

absl::Status CheckDimension(const FieldSchema& field, std::int64_t max) {
  const std::string* text = FindParam(field, kDim);
  if (field.data_type() == DataType::SparseFloatVector) {
    if (text == nullptr) return absl::OkStatus();
    return InvalidInput(ErrorCode::kUnexpected,
                        "dim should not be specified for sparse vector field "
                        "{}({})",
                        field.name(), field.fieldid());
  }
  if (text == nullptr) {
    return InvalidInput(ErrorCode::kUnexpected,
                        "dimension is not defined in field type params, check "
                        "type param `dim` for vector field `{}`",
                        field.name());
  }
  const std::optional<std::int64_t> dim = ParseInteger(*text);
  if (dim.has_value() && field.data_type() == DataType::BinaryVector) {
    return CheckBits(field, *dim, max);
  }
  if (!dim.has_value() || *dim < kMinDimension || *dim > max) {
    return InvalidInput(ErrorCode::kUnexpected,
                        "invalid dimension: {} of field {}. float vector "
                        "dimension should be in range {} ~ {}",
                        *text, field.name(), kMinDimension, max);
  }
  return absl::OkStatus();
}

absl::Status CheckMaxLength(const FieldSchema& field,
                            const std::string& collection, std::int64_t max) {
  const std::string* text = FindParam(field, kMaxLength);
  if (text == nullptr) {
    return InvalidInput(ErrorCode::kUnexpected,
                        "type param(max_length) should be specified for "
                        "varChar field({}) of collection {}",
                        field.name(), collection);
  }
  const std::optional<std::int64_t> length = ParseInteger(*text);
  if (!length.has_value() || *length < 1 || *length > max) {
    return InvalidInput(ErrorCode::kUnexpected,
                        "the maximum length specified for a VarChar field({}) "
                        "should be in (0, {}], but got {}",
                        field.name(), max, *text);
  }
  return absl::OkStatus();
}

// As the words for default values name them.
std::string_view KindOf(const ValueField& value) {
  switch (value.data_case()) {
    case ValueField::kBoolData:
      return "Bool";
    case ValueField::kIntData:
      return "Int";
    case ValueField::kLongData:
      return "Int64";
    case ValueField::kFloatData:
      return "Float";
    case ValueField::kDoubleData:
      return "Double";
    case ValueField::kStringData:
      return "VarChar";
    case ValueField::kBytesData:
      return "Bytes";
    case ValueField::kTimestamptzData:
      return "Timestamptz";
    case ValueField::DATA_NOT_SET:
      break;
  }
  return "None";
}

ValueField::DataCase KindFor(DataType type) {
  switch (type) {
    case DataType::Bool:
      return ValueField::kBoolData;
    case DataType::Int8:
    case DataType::Int16:
    case DataType::Int32:
      return ValueField::kIntData;
    case DataType::Int64:
      return ValueField::kLongData;
    case DataType::Float:
      return ValueField::kFloatData;
    case DataType::Double:
      return ValueField::kDoubleData;
    case DataType::VarChar:
      return ValueField::kStringData;
    default:
      return ValueField::DATA_NOT_SET;
  }
}

template <typename Int>
bool Fits(std::int32_t value) {
  return value >= std::numeric_limits<Int>::min() &&
         value <= std::numeric_limits<Int>::max();
}

absl::Status CheckDefaultRange(const FieldSchema& field) {
  const ValueField& value = field.default_value();
  bool fits = true;
  switch (field.data_type()) {
    case DataType::Int8:
      fits = Fits<std::int8_t>(value.int_data());
      break;
    case DataType::Int16:
      fits = Fits<std::int16_t>(value.int_data());
      break;
    case DataType::Float:
      fits = std::isfinite(value.float_data());
      break;
    case DataType::Double:
      fits = std::isfinite(value.double_data());
      break;
    case DataType::VarChar: {
      const auto size = static_cast<std::int64_t>(value.string_data().size());
      const std::string* max = FindParam(field, kMaxLength);
      if (max != nullptr && size > ParseInteger(*max).value_or(0)) {
        return InvalidInput(ErrorCode::kParameterInvalid,
                            "the length ({}) of string exceeds max length "
                            "({}): default_value of field {}: invalid "
                            "parameter",
                            size, *max, field.name());
      }
      break;
    }
    default:
      break;
  }
  if (fits) return absl::OkStatus();
  return InvalidInput(ErrorCode::kParameterInvalid,
                      "the default_value of field {} is out of range for "
                      "type {}: invalid parameter",
                      field.name(), TypeName(field.data_type()));
}

absl::Status CheckDefault(const FieldSchema& field) {
  const ValueField& value = field.default_value();
  if (value.data_case() == ValueField::DATA_NOT_SET) return absl::OkStatus();
  if (field.is_primary_key()) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "primary field not support default_value: invalid "
                        "parameter");
  }
  const ValueField::DataCase kind = KindFor(field.data_type());
  if (kind == ValueField::DATA_NOT_SET) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "type not support default_value, type:{}, name:{}: "
                        "invalid parameter",
                        TypeName(field.data_type()), field.name());
  }
  if (kind != value.data_case()) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "type ({}) of field ({}) is not equal to the "
                        "type(DataType_{}) of default_value: invalid parameter",
                        TypeName(field.data_type()), field.name(),
                        KindOf(value));
  }
  return CheckDefaultRange(field);
}

absl::Status CheckNullable(const FieldSchema& field) {
  if (!field.nullable()) return absl::OkStatus();
  if (field.is_primary_key()) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "primary field not support null: invalid parameter");
  }
  if (IsVectorType(field.data_type())) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "vector type not support null, type:{}, name:{}: "
                        "invalid parameter",
                        TypeName(field.data_type()), field.name());
  }
  return absl::OkStatus();
}

absl::Status CheckKey(const FieldSchema& field) {
  if (!field.is_primary_key()) {
    if (!field.autoid()) return absl::OkStatus();
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "only the primary field can have autoID, field {}: "
                        "invalid parameter",
                        field.name());
  }
  if (field.data_type() == DataType::Int64 ||
      field.data_type() == DataType::VarChar) {
    return absl::OkStatus();
  }
  return InvalidInput(ErrorCode::kParameterInvalid,
                      "the data type of primary key should be Int64 or "
                      "VarChar, field {} is {}: invalid parameter",
                      field.name(), TypeName(field.data_type()));
}

// Flags of a field that change what its collection does.
absl::Status CheckFlags(const FieldSchema& field) {
  if (field.is_dynamic()) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "cannot explicitly set a field as a dynamic field, "
                        "field {}: invalid parameter",
                        field.name());
  }
  if (field.is_partition_key()) return NotSupported("partition key", field);
  if (field.is_clustering_key()) return NotSupported("clustering key", field);
  if (field.is_function_output()) return NotSupported("function", field);
  return absl::OkStatus();
}

}  // namespace

bool IsVectorType(DataType type) {
  // Numbers from 100 on, but for structs at 200 and above.
  const int number = static_cast<int>(type);
  return number >= static_cast<int>(DataType::BinaryVector) && number < 200;
}

std::string TypeName(DataType type) {
  const std::string& name = wire::DataType_Name(type);
  return name.empty() ? std::to_string(static_cast<int>(type)) : name;
}

absl::Status CheckField(const FieldSchema& field, const std::string& collection,
                        const base::Config& config) {
  RETURN_IF_ERROR(CheckFieldName(field.name(), config.max_name_length));
  RETURN_IF_ERROR(CheckKey(field));
  RETURN_IF_ERROR(CheckType(field));
  RETURN_IF_ERROR(CheckFlags(field));
  RETURN_IF_ERROR(CheckTypeParams(field));
  if (IsVectorType(field.data_type())) {
    RETURN_IF_ERROR(CheckDimension(field, config.max_dimension));
  }
  if (field.data_type() == DataType::VarChar) {
    RETURN_IF_ERROR(
        CheckMaxLength(field, collection, config.max_varchar_length));
  }
  RETURN_IF_ERROR(CheckNullable(field));
  return CheckDefault(field);
}

}  // namespace elanus::access

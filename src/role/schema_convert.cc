#include "role/schema_convert.h"

#include <charconv>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace elanus::role {
namespace {

namespace wire = milvus::proto::schema;

constexpr std::string_view kDim = "dim";
constexpr std::string_view kMaxLength = "max_length";
constexpr std::string_view kMaxCapacity = "max_capacity";

// Errors name what is wrong with the field; the caller puts the collection and
// the field in front.
template <typename... Args>
absl::Status Illegal(fmt::format_string<Args...> format, Args&&... args) {
  return base::InvalidInput(base::ErrorCode::kCollectionIllegalSchema, format,
                            std::forward<Args>(args)...);
}

absl::StatusOr<types::DataType> TypeFromWire(wire::DataType number) {
  if (const auto type = types::DataTypeFromWire(static_cast<int>(number))) {
    return *type;
  }
  return Illegal("data type {} is not supported", static_cast<int>(number));
}

absl::StatusOr<std::int64_t> NumberParam(const types::FieldSchema& field,
                                         std::string_view key,
                                         std::int64_t max) {
  const auto found = field.type_params.find(std::string(key));
  if (found == field.type_params.end()) {
    return Illegal("{} is missing", key);
  }
  const std::string& text = found->second;
  std::int64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1 ||
      value > max) {
    return Illegal("{} = '{}' is not a number of 1..{}", key, text, max);
  }
  return value;
}

constexpr std::int64_t kAnySize = std::numeric_limits<std::int32_t>::max();

// Dense vectors have a dim, strings a length, arrays a capacity.
absl::Status ReadSizes(types::FieldSchema& field) {
  if (types::IsVector(field.type) &&
      field.type != types::DataType::kSparseFloatVector) {
    ASSIGN_OR_RETURN(field.dim, NumberParam(field, kDim, kAnySize));
  }
  const bool is_array = field.type == types::DataType::kArray;
  if (is_array) {
    ASSIGN_OR_RETURN(field.max_capacity,
                     NumberParam(field, kMaxCapacity, kAnySize));
  }
  if (field.type == types::DataType::kVarChar ||
      (is_array && field.element_type == types::DataType::kVarChar)) {
    ASSIGN_OR_RETURN(field.max_length,
                     NumberParam(field, kMaxLength, kAnySize));
  }
  return absl::OkStatus();
}

absl::StatusOr<types::Value> ValueFromWire(const wire::ValueField& value) {
  switch (value.data_case()) {
    case wire::ValueField::kBoolData:
      return types::Value(value.bool_data());
    case wire::ValueField::kIntData:
      return types::Value(std::int64_t{value.int_data()});
    case wire::ValueField::kLongData:
      return types::Value(value.long_data());
    case wire::ValueField::kFloatData:
      return types::Value(double{value.float_data()});
    case wire::ValueField::kDoubleData:
      return types::Value(value.double_data());
    case wire::ValueField::kStringData:
      return types::Value(value.string_data());
    case wire::ValueField::DATA_NOT_SET:
      return types::Value();
    default:
      return Illegal("a default value of kind {} is not supported",
                     static_cast<int>(value.data_case()));
  }
}

bool Fits(const types::Value& value, types::DataType type) {
  if (std::holds_alternative<std::monostate>(value)) return true;
  if (type == types::DataType::kBool)
    return std::holds_alternative<bool>(value);
  if (types::IsInteger(type))
    return std::holds_alternative<std::int64_t>(value);
  if (types::IsFloating(type)) return std::holds_alternative<double>(value);
  return type == types::DataType::kVarChar &&
         std::holds_alternative<std::string>(value);
}

void ValueToWire(const types::Value& value, types::DataType type,
                 wire::ValueField& out) {
  if (const bool* flag = std::get_if<bool>(&value)) {
    out.set_bool_data(*flag);
  } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
    if (type == types::DataType::kInt64) {
      out.set_long_data(*number);
    } else {
      out.set_int_data(static_cast<std::int32_t>(*number));
    }
  } else if (const double* real = std::get_if<double>(&value)) {
    if (type == types::DataType::kFloat) {
      out.set_float_data(static_cast<float>(*real));
    } else {
      out.set_double_data(*real);
    }
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    out.set_string_data(*text);
  }
}

absl::StatusOr<types::FieldSchema> FieldFromWire(
    const wire::FieldSchema& message) {
  types::FieldSchema field;
  field.id = base::FieldId{message.fieldid()};
  field.name = message.name();
  field.description = message.description();
  if (field.name.empty()) return Illegal("the name is empty");
  if (field.id < types::kFirstUserFieldId) {
    return Illegal("the id {} is below {}", message.fieldid(),
                   base::ToInt(types::kFirstUserFieldId));
  }
  ASSIGN_OR_RETURN(field.type, TypeFromWire(message.data_type()));
  if (field.type == types::DataType::kArray) {
    ASSIGN_OR_RETURN(field.element_type, TypeFromWire(message.element_type()));
    if (types::IsVector(field.element_type) ||
        field.element_type == types::DataType::kArray ||
        field.element_type == types::DataType::kJson) {
      return Illegal("element type {} is not supported",
                     types::NameOf(field.element_type));
    }
  }
  field.is_primary_key = message.is_primary_key();
  field.auto_id = message.autoid();
  field.is_dynamic = message.is_dynamic();
  field.nullable = message.nullable();
  for (const auto& param : message.type_params()) {
    field.type_params[param.key()] = param.value();
  }
  RETURN_IF_ERROR(ReadSizes(field));
  ASSIGN_OR_RETURN(field.default_value, ValueFromWire(message.default_value()));
  if (!Fits(field.default_value, field.type)) {
    return Illegal("the default value does not fit the type {}",
                   types::NameOf(field.type));
  }
  return field;
}

absl::Status CheckKey(const types::Schema& schema) {
  int keys = 0;
  for (const types::FieldSchema& field : schema.fields) {
    if (!field.is_primary_key) continue;
    ++keys;
    if (field.type != types::DataType::kInt64 &&
        field.type != types::DataType::kVarChar) {
      return Illegal("primary key {} is neither Int64 nor VarChar", field.name);
    }
    if (field.nullable)
      return Illegal("primary key {} is nullable", field.name);
  }
  if (keys == 1) return absl::OkStatus();
  return Illegal("{} primary keys instead of one", keys);
}

absl::Status CheckWhole(const types::Schema& schema) {
  int dynamic = 0;
  for (std::size_t i = 0; i < schema.fields.size(); ++i) {
    const types::FieldSchema& field = schema.fields[i];
    if (schema.Find(field.name) != &field) {
      return Illegal("duplicated field name {}", field.name);
    }
    if (schema.Find(field.id) != &field) {
      return Illegal("duplicated field id {}", base::ToInt(field.id));
    }
    if (!field.is_dynamic) continue;
    ++dynamic;
    if (field.type != types::DataType::kJson) {
      return Illegal("the dynamic field {} is not JSON", field.name);
    }
  }
  if (dynamic != (schema.enable_dynamic_field ? 1 : 0)) {
    return Illegal("{} dynamic fields, enable_dynamic_field = {}", dynamic,
                   schema.enable_dynamic_field);
  }
  return CheckKey(schema);
}

absl::StatusOr<types::Schema> Convert(const wire::CollectionSchema& message) {
  if (message.functions_size() > 0)
    return Illegal("functions are not supported");
  if (message.struct_array_fields_size() > 0) {
    return Illegal("arrays of structs are not supported");
  }
  types::Schema schema;
  schema.name = message.name();
  schema.description = message.description();
  schema.enable_dynamic_field = message.enable_dynamic_field();
  schema.version = static_cast<std::uint32_t>(message.version());
  schema.fields.reserve(static_cast<std::size_t>(message.fields_size()));
  for (const wire::FieldSchema& field : message.fields()) {
    absl::StatusOr<types::FieldSchema> converted = FieldFromWire(field);
    if (!converted.ok()) {
      return base::Annotate(converted.status(), "field {}", field.name());
    }
    schema.fields.push_back(*std::move(converted));
  }
  RETURN_IF_ERROR(CheckWhole(schema));
  return schema;
}

}  // namespace

void AssignFieldIds(wire::CollectionSchema& schema) {
  std::int64_t next = base::ToInt(types::kFirstUserFieldId);
  bool has_dynamic = false;
  for (wire::FieldSchema& field : *schema.mutable_fields()) {
    field.set_fieldid(next++);
    has_dynamic = has_dynamic || field.is_dynamic();
  }
  if (!schema.enable_dynamic_field() || has_dynamic) return;
  wire::FieldSchema& dynamic = *schema.add_fields();
  dynamic.set_fieldid(next);
  dynamic.set_name(std::string(types::kDynamicFieldName));
  dynamic.set_description("dynamic schema");
  dynamic.set_data_type(wire::DataType::JSON);
  dynamic.set_is_dynamic(true);
}

absl::StatusOr<types::Schema> SchemaFromProto(
    const wire::CollectionSchema& message) {
  absl::StatusOr<types::Schema> schema = Convert(message);
  if (schema.ok()) return schema;
  return base::Annotate(schema.status(),
                        "illegal collection schema[collection={}]",
                        message.name());
}

wire::CollectionSchema SchemaToProto(const types::Schema& schema) {
  wire::CollectionSchema message;
  message.set_name(schema.name);
  message.set_description(schema.description);
  message.set_enable_dynamic_field(schema.enable_dynamic_field);
  message.set_version(static_cast<std::int32_t>(schema.version));
  for (const types::FieldSchema& field : schema.fields) {
    wire::FieldSchema& out = *message.add_fields();
    out.set_fieldid(base::ToInt(field.id));
    out.set_name(field.name);
    out.set_description(field.description);
    out.set_data_type(static_cast<wire::DataType>(field.type));
    out.set_element_type(static_cast<wire::DataType>(field.element_type));
    out.set_is_primary_key(field.is_primary_key);
    out.set_autoid(field.auto_id);
    out.set_is_dynamic(field.is_dynamic);
    out.set_nullable(field.nullable);
    for (const auto& [key, value] : field.type_params) {
      auto& param = *out.add_type_params();
      param.set_key(key);
      param.set_value(value);
    }
    if (!std::holds_alternative<std::monostate>(field.default_value)) {
      ValueToWire(field.default_value, field.type,
                  *out.mutable_default_value());
    }
  }
  return message;
}

}  // namespace elanus::role

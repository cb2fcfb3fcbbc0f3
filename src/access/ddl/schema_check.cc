#include "access/ddl/schema_check.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "access/ddl/field_check.h"
#include "access/ddl/names_check.h"

namespace elanus::access {
namespace {

using base::ErrorCode;
using base::InvalidInput;
using milvus::proto::schema::CollectionSchema;
using milvus::proto::schema::FieldSchema;

absl::Status NotSupported(std::string_view what) {
  return InvalidInput(ErrorCode::kOperationNotSupported,
                      "{} not supported yet: unsupported operation", what);
}

absl::Status CheckCounts(const CollectionSchema& schema,
                         const base::Config& config) {
  if (schema.fields_size() > config.max_fields) {
    return InvalidInput(ErrorCode::kUnexpected,
                        "maximum field's number should be limited to {}",
                        config.max_fields);
  }
  const auto vectors = std::count_if(
      schema.fields().begin(), schema.fields().end(),
      [](const FieldSchema& f) { return IsVectorType(f.data_type()); });
  if (vectors > config.max_vector_fields) {
    return InvalidInput(ErrorCode::kUnexpected,
                        "maximum vector field's number should be limited to {}",
                        config.max_vector_fields);
  }
  if (vectors == 0) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "schema does not contain vector field: invalid "
                        "parameter");
  }
  return absl::OkStatus();
}

absl::Status CheckPrimaryKey(const CollectionSchema& schema) {
  const FieldSchema* key = nullptr;
  for (const FieldSchema& field : schema.fields()) {
    if (!field.is_primary_key()) continue;
    if (key != nullptr) {
      return InvalidInput(ErrorCode::kParameterInvalid,
                          "there are more than one primary key, field name = "
                          "{}, {}: invalid parameter",
                          key->name(), field.name());
    }
    key = &field;
  }
  if (key != nullptr) return absl::OkStatus();
  return InvalidInput(ErrorCode::kParameterInvalid,
                      "primary key is not specified: invalid parameter");
}

absl::Status CheckDuplicates(const CollectionSchema& schema) {
  std::set<std::string_view> names;
  for (const FieldSchema& field : schema.fields()) {
    if (names.insert(field.name()).second) continue;
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "duplicated field name: {}: invalid parameter",
                        field.name());
  }
  return absl::OkStatus();
}

absl::Status CheckParts(const CollectionSchema& schema) {
  if (schema.functions_size() > 0) return NotSupported("functions are");
  if (schema.struct_array_fields_size() > 0) {
    return NotSupported("arrays of structs are");
  }
  if (schema.enable_namespace()) return NotSupported("a namespace is");
  return absl::OkStatus();
}

// Properties that change answers; those about placement and speed may be
// stored and have no effect.
template <typename Pairs>
absl::Status CheckProperties(const Pairs& properties) {
  for (const auto& property : properties) {
    const std::string& key = property.key();
    const std::string& value = property.value();
    const bool is_on = value == "true" || value == "True";
    if ((key == "collection.ttl.seconds" && value != "0") ||
        (key == "partitionkey.isolation" && is_on) ||
        (key == "allow_insert_auto_id" && is_on)) {
      return NotSupported(fmt::format("property {} = {} is", key, value));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckLayout(
    const milvus::proto::milvus::CreateCollectionRequest& request,
    const base::Config& config) {
  if (request.shards_num() > config.max_shards) {
    return InvalidInput(ErrorCode::kUnexpected,
                        "maximum shards's number should be limited to {}",
                        config.max_shards);
  }
  if (request.num_partitions() > 0) {
    return InvalidInput(ErrorCode::kUnexpected,
                        "num_partitions should only be specified with "
                        "partition key field enabled");
  }
  const int level = static_cast<int>(request.consistency_level());
  if (!milvus::proto::common::ConsistencyLevel_IsValid(level)) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "invalid parameter[{} out of range 0 <= "
                        "consistency_level <= 4]",
                        level);
  }
  return CheckProperties(request.properties());
}

}  // namespace

absl::Status CheckSchema(const CollectionSchema& schema,
                         const base::Config& config) {
  RETURN_IF_ERROR(CheckParts(schema));
  RETURN_IF_ERROR(CheckProperties(schema.properties()));
  RETURN_IF_ERROR(CheckCounts(schema, config));
  RETURN_IF_ERROR(CheckDuplicates(schema));
  RETURN_IF_ERROR(CheckPrimaryKey(schema));
  for (const FieldSchema& field : schema.fields()) {
    RETURN_IF_ERROR(CheckField(field, schema.name(), config));
  }
  return absl::OkStatus();
}

absl::Status CheckCreateCollection(
    const milvus::proto::milvus::CreateCollectionRequest& request,
    const base::Config& config) {
  RETURN_IF_ERROR(
      CheckCollectionName(request.collection_name(), config.max_name_length));
  RETURN_IF_ERROR(CheckLayout(request, config));
  CollectionSchema schema;
  if (!schema.ParseFromString(request.schema())) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "the schema of collection {} cannot be read: invalid "
                        "parameter",
                        request.collection_name());
  }
  if (schema.name() != request.collection_name()) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "the collection is called {} in the request and {} in "
                        "its schema: invalid parameter",
                        request.collection_name(), schema.name());
  }
  return CheckSchema(schema, config);
}

}  // namespace elanus::access

// A collection's schema, as segments, filters and indexes see it. Made from
// the protobuf message in role/schema_convert.h; validated in access/ before
// it gets here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "types/data_type.h"
#include "types/value.h"

namespace elanus::types {

// User fields are numbered from 100, in the order of the request; $meta gets
// the next number. 0 and 1 are Milvus's hidden fields RowID and Timestamp.
inline constexpr base::FieldId kFirstUserFieldId{100};
inline constexpr std::string_view kDynamicFieldName = "$meta";

struct FieldSchema {
  base::FieldId id{0};
  std::string name;
  std::string description;
  DataType type = DataType::kNone;
  DataType element_type = DataType::kNone;  // of arrays
  bool is_primary_key = false;
  bool auto_id = false;
  bool is_dynamic = false;  // $meta
  bool nullable = false;
  std::int64_t dim = 0;           // dense vectors, [2, 32768]
  std::int64_t max_length = 0;    // VarChar, bytes
  std::int64_t max_capacity = 0;  // arrays
  Value default_value;            // monostate = none
  // All type parameters as the client sent them (dim, max_length,
  // mmap.enabled, ...), for DescribeCollection.
  std::map<std::string, std::string> type_params;
};

struct Schema {
  std::string name;
  std::string description;
  std::vector<FieldSchema> fields;  // user fields in order, then $meta if any
  bool enable_dynamic_field = false;
  std::uint32_t version = 0;  // rises with each SchemaChange record

  const FieldSchema* Find(base::FieldId id) const;
  const FieldSchema* Find(std::string_view field_name) const;
  // A valid schema has one.
  const FieldSchema& primary_key() const;
  // nullptr where the collection is not dynamic.
  const FieldSchema* dynamic_field() const;
};

}  // namespace elanus::types

// Whether one field of a new collection's schema can be made: see
// schema_check.h.
//
// Threads: pure functions.
#pragma once

#include <string>

#include "base/config.h"
#include "base/status.h"
#include "proto/milvus/schema.pb.h"

namespace elanus::access {

bool IsVectorType(milvus::proto::schema::DataType type);

// "FloatVector"; the number of a type that nobody knows.
std::string TypeName(milvus::proto::schema::DataType type);

// `collection`: its name, for messages.
absl::Status CheckField(const milvus::proto::schema::FieldSchema& field,
                        const std::string& collection,
                        const base::Config& config);

}  // namespace elanus::access

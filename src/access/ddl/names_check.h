// Which names may be given to things, in Milvus's words.
//
// A name has 1..max_length bytes, begins with a letter or an underscore and
// goes on with letters, digits and underscores. A partition's may begin with a
// digit, too, and have dashes behind its first character.
//
// Threads: pure functions.
// Errors:  kParameterInvalid; kUnexpected for partitions, kFieldInvalidName
//          for fields, kDatabaseInvalidName for databases.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.h"

namespace elanus::access {

absl::Status CheckCollectionName(std::string_view name,
                                 std::int64_t max_length);
absl::Status CheckAliasName(std::string_view name, std::int64_t max_length);
absl::Status CheckPartitionName(std::string_view name, std::int64_t max_length);
// The names of hidden fields are taken.
absl::Status CheckFieldName(std::string_view name, std::int64_t max_length);
absl::Status CheckIndexName(std::string_view name, std::int64_t max_length);
absl::Status CheckDatabaseName(std::string_view name, std::int64_t max_length);

}  // namespace elanus::access

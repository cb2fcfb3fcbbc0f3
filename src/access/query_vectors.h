// The vectors of a search, as they travel in a placeholder group.
//
//   ASSIGN_OR_RETURN(QueryVectors queries, ReadQueryVectors(
//       request.placeholder_group(), field, {.nq = request.nq()}));
//
// Errors: kParameterInvalid and kUnexpected, the caller's fault.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "types/schema.h"

namespace elanus::access {

struct QueryVectors {
  // As query_node.proto wants them: dense ones decoded to float32.
  std::string bytes;
  std::int64_t nq = 0;
};

struct QueryVectorsCheck {
  std::int64_t nq = 0;  // as the request says; 0 = it does not
  std::int64_t max_nq = 16384;
};

// `field` is a vector.
absl::StatusOr<QueryVectors> ReadQueryVectors(const std::string& group,
                                              const types::FieldSchema& field,
                                              const QueryVectorsCheck& check);

}  // namespace elanus::access

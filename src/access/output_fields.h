// The columns that a read asks for by name: fields, "*", keys of the dynamic
// field.
//
//   ASSIGN_OR_RETURN(OutputFields output,
//                    ReadOutputFields(schema, request.output_fields(),
//                                     {.with_primary_key = true}));
//
// Errors: kUnexpected `field {f} not exist`, the caller's fault.
#pragma once

#include <string>
#include <vector>

#include <google/protobuf/repeated_ptr_field.h>

#include "base/status.h"
#include "proto/internal/query_node.pb.h"
#include "types/schema.h"

namespace elanus::access {

struct OutputFields {
  internal::OutputColumns columns;  // each field once
  std::vector<std::string> names;   // as wanted, "*" expanded, each once
};

struct OutputOptions {
  bool with_primary_key = false;  // among the columns in any case
};

absl::StatusOr<OutputFields> ReadOutputFields(
    const types::Schema& schema,
    const google::protobuf::RepeatedPtrField<std::string>& names,
    const OutputOptions& options);

}  // namespace elanus::access

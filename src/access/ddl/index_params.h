// The parameters of a CreateIndex, as clients spell them in two ways: flat, or
// as a JSON text under "params".
//
//   ASSIGN_OR_RETURN(const IndexParams params,
//                    ReadIndexParams(request.extra_params()));
//   ASSIGN_OR_RETURN(internal::IndexMeta index,
//                    MakeIndex(field, params));
//
// Threads: pure functions.
// Errors:  kParameterInvalid naming the parameter; those of
//          index::ParseIndexSpec; kIndexNotSupported for indexes of scalars.
#pragma once

#include <string>

#include "base/status.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "index/vector/registry.h"
#include "proto/internal/meta.pb.h"
#include "proto/milvus/common.pb.h"
#include "types/schema.h"

namespace elanus::access {

struct IndexParams {
  std::string index_type;   // empty: none was given
  std::string metric_type;  // empty: none was given
  index::ParamMap build;    // the rest
};

absl::StatusOr<IndexParams> ReadIndexParams(
    const google::protobuf::RepeatedPtrField<
        milvus::proto::common::KeyValuePair>& pairs);

// The record of an index of `field`, without its name and its collection.
absl::StatusOr<internal::IndexMeta> MakeIndex(const types::FieldSchema& field,
                                              const IndexParams& params);

}  // namespace elanus::access

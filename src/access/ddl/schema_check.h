// Whether a collection can be made as a CreateCollection asks for it: names,
// counts, types, sizes, keys, defaults. What Elanus does not do yet is refused
// by name, never ignored.
//
//   RETURN_IF_ERROR(CheckCreateCollection(request, config));
//
// Threads: pure functions.
// Errors:  Milvus's codes and words, naming field and value;
//          kOperationNotSupported for what is not there yet.
#pragma once

#include "base/config.h"
#include "base/status.h"
#include "proto/milvus/milvus.pb.h"
#include "proto/milvus/schema.pb.h"

namespace elanus::access {

absl::Status CheckCreateCollection(
    const milvus::proto::milvus::CreateCollectionRequest& request,
    const base::Config& config);

absl::Status CheckSchema(const milvus::proto::schema::CollectionSchema& schema,
                         const base::Config& config);

}  // namespace elanus::access

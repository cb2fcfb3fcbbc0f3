// A collection's schema as the wire and the meta store spell it, and as all
// layers below see it.
//
//   AssignFieldIds(message);                       // once, at creation
//   ASSIGN_OR_RETURN(types::Schema schema, SchemaFromProto(message));
//
// What has no meaning below the proxy (partition key, clustering key,
// properties) is not in types::Schema and therefore lost on the way back.
//
// Threads: pure functions.
// Errors:  kCollectionIllegalSchema naming collection and field, for whatever
//          types::Schema promises its users and the message breaks. The limits
//          of names and counts are the proxy's to check.
#pragma once

#include "base/status.h"
#include "proto/milvus/schema.pb.h"
#include "types/schema.h"

namespace elanus::role {

// Numbers the user's fields from 100 in their order and puts the dynamic field
// behind them if the schema wants one and has none. Idempotent.
void AssignFieldIds(milvus::proto::schema::CollectionSchema& schema);

absl::StatusOr<types::Schema> SchemaFromProto(
    const milvus::proto::schema::CollectionSchema& message);

milvus::proto::schema::CollectionSchema SchemaToProto(
    const types::Schema& schema);

}  // namespace elanus::role

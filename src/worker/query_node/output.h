// The wanted columns of the rows that a read found, as the public protocol's
// FieldData.
//
// Threads: pure functions.
// Errors:  DATA_LOSS of a segment; kParameterTooLarge where the answer would
//          be larger than a reply may be.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include <google/protobuf/repeated_ptr_field.h>

#include "base/status.h"
#include "proto/internal/query_node.pb.h"
#include "proto/milvus/schema.pb.h"
#include "segment/segment.h"
#include "types/schema.h"
#include "types/value.h"

namespace elanus::worker {

using Segments = std::vector<std::shared_ptr<const segment::Segment>>;

// A row of one of the segments.
struct FoundAt {
  std::size_t segment = 0;
  segment::RowOffset row = 0;
};

// What one reply may hold, as gRPC's default limit of the largest message.
inline constexpr std::size_t kOutputBytesMax = std::size_t{256} << 20;

using FieldDataList =
    google::protobuf::RepeatedPtrField<milvus::proto::schema::FieldData>;

// One column per wanted field, each with a value per row, in the rows' order.
absl::Status FillOutput(const Segments& segments, std::span<const FoundAt> rows,
                        const types::Schema& schema,
                        const internal::OutputColumns& wanted,
                        FieldDataList* fields);

// Adds the keys in their order; all of one kind.
void AddKey(const types::PrimaryKey& key, milvus::proto::schema::IDs* ids);

}  // namespace elanus::worker

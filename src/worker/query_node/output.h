// The wanted columns of the rows that a read found, as the public protocol's
// FieldData.
//
// Threads: pure functions.
// Errors:  DATA_LOSS of a segment; kParameterTooLarge where the values would
//          take more bytes than a reply may hold.
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

// The error of a read whose answer would be larger than `bytes_max`.
absl::Status OutputTooLarge(std::size_t bytes_max);

using FieldDataList =
    google::protobuf::RepeatedPtrField<milvus::proto::schema::FieldData>;

// One column per wanted field, each with a value per row, in the rows' order.
// bytes_max: what all values together may take.
absl::Status FillOutput(const Segments& segments, std::span<const FoundAt> rows,
                        const types::Schema& schema,
                        const internal::OutputColumns& wanted,
                        std::size_t bytes_max, FieldDataList* fields);

// Adds the keys in their order; all of one kind.
void AddKey(const types::PrimaryKey& key, milvus::proto::schema::IDs* ids);

}  // namespace elanus::worker

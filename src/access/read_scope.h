// Where a read goes: partitions by name, shards by the node that leads them.
//
// Threads: any.
// Errors:  kUnexpected `partition name {p} not found`, kPartitionNotLoaded,
//          kCollectionNotLoaded.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <google/protobuf/repeated_ptr_field.h>

#include "access/meta_cache.h"
#include "base/status.h"
#include "proto/internal/query_coord.pb.h"
#include "proto/internal/query_node.pb.h"

namespace elanus::access {

class Proxy;

struct NamedPartition {
  std::int64_t id = 0;
  std::string name;
};

// Empty for no names: all loaded ones.
absl::StatusOr<std::vector<NamedPartition>> FindPartitions(
    const CollectionEntry& entry,
    const google::protobuf::RepeatedPtrField<std::string>& names);

absl::Status CheckLoaded(const internal::GetShardLeadersReply& leaders,
                         const std::vector<NamedPartition>& partitions);

struct NodeShards {
  std::int64_t node_id = 0;
  std::string address;
  std::vector<std::int32_t> shards;
};

// Each shard once, at its first leader.
std::vector<NodeShards> ShardsByNode(
    const internal::GetShardLeadersReply& leaders);

// Remembers how far the shards were. The latest of their times.
std::uint64_t NoteStates(
    Proxy& proxy, const CollectionEntry& entry,
    const google::protobuf::RepeatedPtrField<internal::ShardState>& states);

// In the name that the client used.
absl::Status NotLoaded(const std::string& collection_name);

}  // namespace elanus::access

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
#include "access/read_guarantee.h"
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

// What has to be loaded.
struct ReadTarget {
  std::string collection_name;  // as the client calls it
  std::vector<NamedPartition> partitions;
  // All that the collection has, for a read of no named ones that does not wait
  // for the log's end: a node that has just begun to load may not have come to
  // the drop of another yet. Empty: what the nodes have.
  std::vector<std::int64_t> existing;
};

struct ReadOptions {
  std::string filter;
  bool is_iterator = false;
  std::int64_t collection_id = 0;  // of the iterator; 0 = any
  bool ignore_growing = false;
};

// An iterator goes on in the collection that it began with, whatever its name
// means by now.
absl::Status CheckIterator(const CollectionEntry& entry,
                           const ReadOptions& options);

// Those of a collection that are in use.
std::vector<std::int64_t> PartitionsInUse(const CollectionEntry& entry);

// What Search and Query ask for alike: partitions, consistency, filter.
// Request: SearchRequest or QueryRequest.
template <typename Request>
absl::StatusOr<ReadTarget> FillScope(Proxy& proxy, const CollectionEntry& entry,
                                     const Request& request,
                                     const ReadOptions& options,
                                     internal::ReadScope* scope) {
  RETURN_IF_ERROR(CheckIterator(entry, options));
  ReadTarget target{.collection_name = request.collection_name()};
  ASSIGN_OR_RETURN(target.partitions,
                   FindPartitions(entry, request.partition_names()));
  scope->set_collection_id(entry.meta.id());
  for (const NamedPartition& partition : target.partitions) {
    scope->add_partition_ids(partition.id);
  }
  *scope->mutable_guarantee() =
      MakeGuarantee(proxy, entry,
                    {.level = request.consistency_level(),
                     .use_default = request.use_default_consistency(),
                     .timestamp = request.guarantee_timestamp(),
                     .is_iterator = options.is_iterator});
  if (scope->guarantee().kind() != internal::ReadGuarantee::STRONG) {
    target.existing = PartitionsInUse(entry);
  }
  scope->set_filter(options.filter);
  *scope->mutable_template_values() = request.expr_template_values();
  scope->set_ignore_growing(options.ignore_growing);
  return target;
}

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

// Remembers how far the shards were for a read of that guarantee. The latest of
// their times.
std::uint64_t NoteStates(
    Proxy& proxy, const CollectionEntry& entry,
    internal::ReadGuarantee::Kind guarantee,
    const google::protobuf::RepeatedPtrField<internal::ShardState>& states);

// In the name that the client used.
absl::Status NotLoaded(const std::string& collection_name);

}  // namespace elanus::access

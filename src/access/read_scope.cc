#include "access/read_scope.h"

#include <algorithm>
#include <set>

#include "access/proxy.h"

namespace elanus::access {

absl::StatusOr<std::vector<NamedPartition>> FindPartitions(
    const CollectionEntry& entry,
    const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::vector<NamedPartition> partitions;
  for (const std::string& name : names) {
    const internal::PartitionMeta* partition = entry.FindPartition(name);
    if (partition == nullptr) {
      return base::InvalidInput(base::ErrorCode::kUnexpected,
                                "partition name {} not found", name);
    }
    partitions.push_back({partition->id(), name});
  }
  return partitions;
}

std::vector<std::int64_t> PartitionsInUse(const CollectionEntry& entry) {
  std::vector<std::int64_t> ids;
  for (const internal::PartitionMeta& partition : entry.meta.partitions()) {
    if (partition.state() == internal::CREATED) ids.push_back(partition.id());
  }
  return ids;
}

absl::Status CheckIterator(const CollectionEntry& entry,
                           const ReadOptions& options) {
  if (options.collection_id == 0 || options.collection_id == entry.meta.id()) {
    return absl::OkStatus();
  }
  return base::InvalidInput(
      base::ErrorCode::kParameterInvalid,
      "the iterator began in collection {} and would go on in {}: alias or "
      "database may have been changed: invalid parameter",
      options.collection_id, entry.meta.id());
}

absl::Status CheckLoaded(const internal::GetShardLeadersReply& leaders,
                         const std::vector<NamedPartition>& partitions) {
  if (leaders.whole_collection()) return absl::OkStatus();
  const auto& loaded = leaders.partition_ids();
  for (const NamedPartition& partition : partitions) {
    if (std::find(loaded.begin(), loaded.end(), partition.id) == loaded.end()) {
      return base::InvalidInput(base::ErrorCode::kPartitionNotLoaded,
                                "partition not loaded[partition={}]",
                                partition.name);
    }
  }
  return absl::OkStatus();
}

std::vector<NodeShards> ShardsByNode(
    const internal::GetShardLeadersReply& leaders) {
  std::vector<NodeShards> nodes;
  std::set<std::int32_t> seen;
  for (const internal::ShardLeader& leader : leaders.leaders()) {
    if (!seen.insert(leader.shard()).second) continue;
    const auto node =
        std::ranges::find(nodes, leader.node_id(), &NodeShards::node_id);
    if (node != nodes.end()) {
      node->shards.push_back(leader.shard());
    } else {
      nodes.push_back({leader.node_id(), leader.address(), {leader.shard()}});
    }
  }
  return nodes;
}

std::uint64_t NoteStates(
    Proxy& proxy, const CollectionEntry& entry,
    internal::ReadGuarantee::Kind guarantee,
    const google::protobuf::RepeatedPtrField<internal::ShardState>& states) {
  // A position stands for all that sessions were told before this proxy was
  // there: the first has to come from the log's end.
  const bool is_first_enough = guarantee == internal::ReadGuarantee::STRONG ||
                               guarantee == internal::ReadGuarantee::POSITION;
  std::uint64_t clock = 0;
  for (const internal::ShardState& state : states) {
    const segment::VchannelKey shard{entry.id(),
                                     static_cast<std::uint32_t>(state.shard())};
    if (is_first_enough || !proxy.positions().Get(shard).empty()) {
      proxy.positions().Note(shard, state.position());
    }
    clock = std::max(clock, state.clock());
  }
  return clock;
}

absl::Status NotLoaded(const std::string& collection_name) {
  return base::InvalidInput(base::ErrorCode::kCollectionNotLoaded,
                            "collection not loaded[collection={}]",
                            collection_name);
}

}  // namespace elanus::access

#include "coordinator/query/wish.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "absl/strings/str_join.h"

namespace elanus::coordinator {
namespace {

using base::ErrorCode;

constexpr std::string_view kDefaultResourceGroup = "__default_resource_group";
constexpr int kFirstVectorType = 100;  // of the wire's types

template <typename Numbers>
std::set<std::int64_t> SetOf(const Numbers& numbers) {
  return {numbers.begin(), numbers.end()};
}

void SetPartitions(const std::set<std::int64_t>& partitions,
                   internal::LoadMeta& wish) {
  wish.clear_partition_ids();
  for (const std::int64_t id : partitions) wish.add_partition_ids(id);
}

std::int32_t ReplicasOf(const internal::LoadRequest& request) {
  return std::max(request.replica_number(), 1);
}

}  // namespace

absl::StatusOr<std::vector<base::IndexId>> NeededIndexes(
    const internal::LoadRequest& request,
    const internal::DescribeIndexReply& indexes) {
  if (indexes.indexes_size() == 0) {
    return base::InvalidInput(ErrorCode::kIndexNotFound,
                              "index not found[collection={}]",
                              request.collection().name());
  }
  std::map<std::int64_t, base::IndexId> indexed;  // by field
  for (const auto& index : indexes.indexes()) {
    indexed.emplace(index.index().field_id(),
                    base::IndexId{index.index().id()});
  }
  const std::set<std::int64_t> asked = SetOf(request.field_ids());
  std::vector<base::IndexId> needed;
  std::vector<std::string> bare;
  for (const auto& field : request.collection().schema().fields()) {
    const bool is_loaded = asked.empty() || asked.contains(field.fieldid());
    const bool is_vector =
        static_cast<int>(field.data_type()) >= kFirstVectorType;
    if (!is_loaded || !is_vector) continue;
    const auto index = indexed.find(field.fieldid());
    if (index == indexed.end()) {
      bare.push_back(field.name());
    } else {
      needed.push_back(index->second);
    }
  }
  if (bare.empty()) return needed;
  return base::InvalidInput(ErrorCode::kUnexpected,
                            "there is no vector index on field: [{}], please "
                            "create index firstly",
                            absl::StrJoin(bare, " "));
}

absl::Status CheckPlace(const internal::LoadRequest& request,
                        std::size_t nodes) {
  for (const std::string& group : request.resource_groups()) {
    if (group.empty() || group == kDefaultResourceGroup) continue;
    return base::InvalidInput(ErrorCode::kParameterInvalid,
                              "resource group not found[rg={}]", group);
  }
  const auto replicas = static_cast<std::size_t>(ReplicasOf(request));
  if (replicas <= std::max<std::size_t>(nodes, 1)) return absl::OkStatus();
  return base::InvalidInput(
      ErrorCode::kUnexpected,
      "failed to spawn replica for collection: resource group node not "
      "enough[rg={}][currentNodeNum={}][expectedNodeNum={}]",
      kDefaultResourceGroup, nodes, replicas);
}

internal::LoadMeta NewWish(const internal::LoadRequest& request) {
  internal::LoadMeta wish;
  wish.set_collection_id(request.collection().id());
  wish.set_whole_collection(request.partition_ids().empty());
  SetPartitions(SetOf(request.partition_ids()), wish);
  wish.set_replica_number(ReplicasOf(request));
  *wish.mutable_resource_groups() = request.resource_groups();
  *wish.mutable_field_ids() = request.field_ids();
  return wish;
}

absl::StatusOr<internal::LoadMeta> Extended(
    const internal::LoadMeta& wish, const internal::LoadRequest& request) {
  const std::int32_t replicas = ReplicasOf(request);
  if (replicas != wish.replica_number()) {
    return base::InvalidInput(
        ErrorCode::kParameterInvalid,
        "call query coordinator {}: can't change the replica number for "
        "loaded collection: invalid parameter[expected={}][actual={}]",
        request.partition_ids().empty() ? "LoadCollection" : "LoadPartitions",
        wish.replica_number(), replicas);
  }
  if (SetOf(request.field_ids()) != SetOf(wish.field_ids())) {
    return base::InvalidInput(
        ErrorCode::kParameterInvalid,
        "can't change the load field list for loaded collection");
  }
  internal::LoadMeta extended = wish;
  if (request.partition_ids().empty()) {
    extended.set_whole_collection(true);
    extended.clear_partition_ids();
  } else if (!wish.whole_collection()) {
    std::set<std::int64_t> partitions = SetOf(wish.partition_ids());
    partitions.insert(request.partition_ids().begin(),
                      request.partition_ids().end());
    SetPartitions(partitions, extended);
  }
  return extended;
}

internal::LoadMeta Reduced(const internal::LoadMeta& wish,
                           const std::vector<std::int64_t>& released,
                           const std::vector<std::int64_t>& all_partitions) {
  std::set<std::int64_t> left = wish.whole_collection()
                                    ? SetOf(all_partitions)
                                    : SetOf(wish.partition_ids());
  for (const std::int64_t id : released) left.erase(id);
  internal::LoadMeta reduced = wish;
  reduced.set_whole_collection(false);
  SetPartitions(left, reduced);
  return reduced;
}

bool IsEmpty(const internal::LoadMeta& wish) {
  return !wish.whole_collection() && wish.partition_ids().empty();
}

}  // namespace elanus::coordinator

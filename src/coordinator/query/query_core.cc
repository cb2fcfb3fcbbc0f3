#include "coordinator/query/query_core.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/log.h"
#include "coordinator/meta_records.h"
#include "coordinator/query/plan.h"

namespace elanus::coordinator {
namespace {

// Of a transaction that others overtake.
constexpr int kTries = 10;

bool HasPartition(const internal::CollectionMeta& collection, std::int64_t id) {
  return std::any_of(
      collection.partitions().begin(), collection.partitions().end(),
      [id](const internal::PartitionMeta& partition) {
        return partition.id() == id && partition.state() == internal::CREATED;
      });
}

}  // namespace

void QueryCore::SetNodes(std::vector<QueryNodeRef> nodes) {
  base::MutexLock lock(mutex_);
  nodes_ = std::move(nodes);
}

std::vector<QueryNodeRef> QueryCore::nodes() const {
  base::MutexLock lock(mutex_);
  return nodes_;
}

std::shared_ptr<CollectionLoad> QueryCore::Find(base::CollectionId id) const {
  base::MutexLock lock(mutex_);
  const auto found = loads_.find(id);
  return found == loads_.end() ? nullptr : found->second;
}

std::map<base::CollectionId, std::shared_ptr<CollectionLoad>> QueryCore::All()
    const {
  base::MutexLock lock(mutex_);
  return loads_;
}

std::shared_ptr<CollectionLoad> QueryCore::FindOrMake(base::CollectionId id,
                                                      std::size_t shards) {
  base::MutexLock lock(mutex_);
  std::shared_ptr<CollectionLoad>& load = loads_[id];
  if (load != nullptr) return load;
  std::vector<std::size_t> used(nodes_.size());
  for (const auto& [other, there] : loads_) {
    if (there == nullptr) continue;
    for (const QueryNodeRef& node : there->nodes()) {
      for (std::size_t n = 0; n < nodes_.size(); ++n) {
        if (nodes_[n].id == node.id) ++used[n];
      }
    }
  }
  std::vector<QueryNodeRef> chosen;
  for (const std::size_t n : AssignShards(std::move(used), shards)) {
    chosen.push_back(nodes_[n]);
  }
  load = std::make_shared<CollectionLoad>(deps, id, std::move(chosen));
  return load;
}

void QueryCore::Forget(base::CollectionId id) {
  base::MutexLock lock(mutex_);
  loads_.erase(id);
}

absl::Status QueryCore::WriteWish(const internal::LoadMeta& wish,
                                  const WishNeeds& needs) {
  const base::CollectionId id{wish.collection_id()};
  for (int tries = 0; tries < kTries; ++tries) {
    storage::MetaTxn txn;
    txn.puts.push_back(PutRecord(keys::Load(id), wish));
    RETURN_IF_ERROR(Expect(id, needs, txn));
    ASSIGN_OR_RETURN(const storage::MetaTxnResult result, deps.store.Txn(txn));
    if (result.succeeded) return absl::OkStatus();
  }
  return base::MakeRetriable(
      base::ErrorCode::kServiceUnavailable,
      fmt::format("collection {} was changed meanwhile", base::ToInt(id)));
}

absl::Status QueryCore::Expect(base::CollectionId id, const WishNeeds& needs,
                               storage::MetaTxn& txn) const {
  ASSIGN_OR_RETURN(
      const auto collection,
      GetRecord<internal::CollectionMeta>(deps.store, keys::Collection(id)));
  if (!collection.has_value() ||
      collection->message.state() != internal::CREATED) {
    return base::Error(base::ErrorCode::kCollectionNotFound,
                       "collection not found[collection={}]", base::ToInt(id));
  }
  txn.compares.push_back(CompareUnchanged(*collection));
  for (const std::int64_t partition : needs.partitions) {
    if (HasPartition(collection->message, partition)) continue;
    return base::InvalidInput(base::ErrorCode::kPartitionNotFound,
                              "partition not found[partition={}]", partition);
  }
  for (const base::IndexId index : needs.indexes) {
    std::string key = keys::Index(id, index);
    ASSIGN_OR_RETURN(const auto there, deps.store.Get(key));
    if (!there.has_value()) {
      return base::InvalidInput(base::ErrorCode::kIndexNotFound,
                                "index not found[collection={}]",
                                collection->message.name());
    }
    txn.compares.push_back(storage::MetaCompare::Exists(std::move(key)));
  }
  return absl::OkStatus();
}

absl::Status QueryCore::EraseWish(base::CollectionId id) {
  storage::MetaTxn txn;
  txn.deletes.push_back(keys::Load(id));
  return deps.store.Txn(txn).status();
}

absl::Status QueryCore::LoadAll() {
  ASSIGN_OR_RETURN(const RecordList<internal::LoadMeta> wishes,
                   ListRecords<internal::LoadMeta>(deps.store, keys::kLoads));
  for (const auto& wish : wishes.records) {
    RETURN_IF_ERROR(LoadAgain(wish.message));
  }
  return absl::OkStatus();
}

absl::Status QueryCore::LoadAgain(const internal::LoadMeta& wish) {
  const base::CollectionId id{wish.collection_id()};
  ASSIGN_OR_RETURN(
      const auto collection,
      GetRecord<internal::CollectionMeta>(deps.store, keys::Collection(id)));
  if (!collection.has_value() ||
      collection->message.state() != internal::CREATED) {
    LOG_INFO("collection {} was dropped while it was loaded", base::ToInt(id));
    return EraseWish(id);
  }
  FindOrMake(id, static_cast<std::size_t>(collection->message.vchannels_size()))
      ->SetWish(wish);
  return absl::OkStatus();
}

}  // namespace elanus::coordinator

#include "coordinator/root/names.h"

namespace elanus::coordinator {

using base::ErrorCode;

absl::Status CheckDatabase(std::string_view database) {
  if (database.empty() || database == kDefaultDatabaseName) {
    return absl::OkStatus();
  }
  return DatabaseNotFound(database);
}

absl::Status DatabaseNotFound(std::string_view database) {
  return base::Error(ErrorCode::kDatabaseNotFound,
                     "database not found[database={}]", database);
}

absl::Status CollectionNotFound(std::string_view name) {
  return base::Error(ErrorCode::kCollectionNotFound,
                     "collection not found[database={}][collection={}]",
                     kDefaultDatabaseName, name);
}

absl::Status CollectionNotFound(base::CollectionId id) {
  return base::Error(ErrorCode::kCollectionNotFound,
                     "collection not found[collection={}]", base::ToInt(id));
}

absl::Status AliasNotFound(std::string_view alias) {
  return base::Error(ErrorCode::kAliasNotFound,
                     "alias not found[database={}][alias={}]",
                     kDefaultDatabaseName, alias);
}

bool IsUsable(const internal::CollectionMeta& collection) {
  return collection.state() == internal::CREATED;
}

absl::StatusOr<CollectionRecord> FindUsable(const Catalog& catalog,
                                            std::string_view database,
                                            std::string_view name) {
  RETURN_IF_ERROR(CheckDatabase(database));
  CollectionRecord found = catalog.Resolve(name);
  if (found == nullptr || !IsUsable(*found)) return CollectionNotFound(name);
  return found;
}

const internal::PartitionMeta* FindPartition(
    const internal::CollectionMeta& collection, std::string_view name) {
  for (const internal::PartitionMeta& partition : collection.partitions()) {
    if (partition.state() == internal::CREATED && partition.name() == name) {
      return &partition;
    }
  }
  return nullptr;
}

}  // namespace elanus::coordinator

#include "coordinator/root/capacity.h"

#include "coordinator/root/root_core.h"

namespace elanus::coordinator {
namespace {

using base::ErrorCode;

absl::Status CheckCapacity(const Catalog& catalog, std::int64_t limit,
                           std::int64_t more) {
  std::int64_t size = more;
  for (const CollectionRecord& collection : catalog.Collections()) {
    if (collection->state() == internal::DROPPING) continue;
    size += std::int64_t{collection->vchannels_size()} *
            collection->partitions_size();
  }
  if (size <= limit) return absl::OkStatus();
  return base::Error(
      ErrorCode::kGeneralCapacityExceeded,
      "general capacity exceeded[newGeneralSize={}][generalCapacity={}]", size,
      limit);
}

}  // namespace

absl::Status CheckRoomForCollection(const Catalog& catalog,
                                    const RootCoordinatorOptions& options,
                                    std::int32_t shards) {
  std::int64_t count = 0;
  for (const CollectionRecord& collection : catalog.Collections()) {
    if (collection->state() != internal::DROPPING) ++count;
  }
  if (count >= options.max_collections) {
    return base::InvalidInput(
        ErrorCode::kCollectionNumLimitExceeded,
        "exceeded the limit number of collections[dbName={}][limit={}]",
        kDefaultDatabaseName, options.max_collections);
  }
  return CheckCapacity(catalog, options.max_general_capacity, shards);
}

absl::Status CheckRoomForPartition(const Catalog& catalog,
                                   const RootCoordinatorOptions& options,
                                   const internal::CollectionMeta& collection) {
  if (collection.partitions_size() >= options.max_partitions) {
    return base::InvalidInput(
        ErrorCode::kUnexpected,
        "partition number ({}) exceeds max configuration ({}), collection: {}",
        collection.partitions_size(), options.max_partitions,
        collection.name());
  }
  return CheckCapacity(catalog, options.max_general_capacity,
                       collection.vchannels_size());
}

}  // namespace elanus::coordinator

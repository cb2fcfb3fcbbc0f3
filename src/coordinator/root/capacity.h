// How many collections and partitions there may be.
//
// Threads: pure functions.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "coordinator/root/catalog.h"

namespace elanus::coordinator {

struct RootCoordinatorOptions;

// kCollectionNumLimitExceeded, kGeneralCapacityExceeded.
absl::Status CheckRoomForCollection(const Catalog& catalog,
                                    const RootCoordinatorOptions& options,
                                    std::int32_t shards);
// One more of `collection`: kUnexpected, kGeneralCapacityExceeded.
absl::Status CheckRoomForPartition(const Catalog& catalog,
                                   const RootCoordinatorOptions& options,
                                   const internal::CollectionMeta& collection);

}  // namespace elanus::coordinator

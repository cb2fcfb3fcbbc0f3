// What a request means by its names, and the errors of names that mean
// nothing, in Milvus's words.
//
// Threads: pure functions.
#pragma once

#include <string_view>

#include "base/status.h"
#include "coordinator/root/catalog.h"

namespace elanus::coordinator {

// Empty means the default database, which is the only one: kDatabaseNotFound
// for every other.
absl::Status CheckDatabase(std::string_view database);

absl::Status DatabaseNotFound(std::string_view database);
absl::Status CollectionNotFound(std::string_view name);
absl::Status CollectionNotFound(base::CollectionId id);
absl::Status AliasNotFound(std::string_view alias);

bool IsUsable(const internal::CollectionMeta& collection);

// A collection in use, by name or alias.
absl::StatusOr<CollectionRecord> FindUsable(const Catalog& catalog,
                                            std::string_view database,
                                            std::string_view name);

// Null if there is none of the name in use.
const internal::PartitionMeta* FindPartition(
    const internal::CollectionMeta& collection, std::string_view name);

}  // namespace elanus::coordinator

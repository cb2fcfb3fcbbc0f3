#include "coordinator/root/describe.h"

#include <algorithm>

#include "coordinator/root/names.h"

namespace elanus::coordinator {

internal::CollectionMeta Described(const Catalog& catalog,
                                   const internal::CollectionMeta& collection) {
  internal::CollectionMeta described = collection;
  auto& partitions = *described.mutable_partitions();
  partitions.erase(std::remove_if(partitions.begin(), partitions.end(),
                                  [](const internal::PartitionMeta& partition) {
                                    return partition.state() !=
                                           internal::CREATED;
                                  }),
                   partitions.end());
  described.clear_aliases();
  for (std::string& alias :
       catalog.AliasesOf(base::CollectionId{collection.id()})) {
    described.add_aliases(std::move(alias));
  }
  return described;
}

absl::Status DescribeCollection(const Catalog& catalog,
                                const internal::CollectionRef& request,
                                internal::DescribeCollectionReply* reply) {
  CollectionRecord found;
  if (request.collection_id() != 0) {
    const base::CollectionId id{request.collection_id()};
    found = catalog.ById(id);
    if (found == nullptr || !IsUsable(*found)) return CollectionNotFound(id);
  } else {
    ASSIGN_OR_RETURN(found, FindUsable(catalog, request.database_name(),
                                       request.collection_name()));
  }
  *reply->mutable_collection() = Described(catalog, *found);
  return absl::OkStatus();
}

absl::Status ListCollections(const Catalog& catalog,
                             const internal::ListCollectionsRequest& request,
                             internal::ListCollectionsReply* reply) {
  RETURN_IF_ERROR(CheckDatabase(request.database_name()));
  std::vector<CollectionRecord> collections = catalog.Collections();
  std::sort(collections.begin(), collections.end(),
            [](const CollectionRecord& a, const CollectionRecord& b) {
              return a->name() < b->name();
            });
  for (const CollectionRecord& collection : collections) {
    if (!IsUsable(*collection)) continue;
    *reply->add_collections() = Described(catalog, *collection);
  }
  return absl::OkStatus();
}

}  // namespace elanus::coordinator

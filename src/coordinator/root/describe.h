// What root coord tells of its collections, out of the catalog alone.
//
// Threads: any.
#pragma once

#include "base/status.h"
#include "coordinator/root/catalog.h"
#include "proto/internal/root_coord.pb.h"

namespace elanus::coordinator {

// As others see it: with its aliases, without half-made partitions.
internal::CollectionMeta Described(const Catalog& catalog,
                                   const internal::CollectionMeta& collection);

absl::Status DescribeCollection(const Catalog& catalog,
                                const internal::CollectionRef& request,
                                internal::DescribeCollectionReply* reply);
// In the order of their names.
absl::Status ListCollections(const Catalog& catalog,
                             const internal::ListCollectionsRequest& request,
                             internal::ListCollectionsReply* reply);

}  // namespace elanus::coordinator

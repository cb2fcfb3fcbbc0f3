// What shall be loaded of a collection, and what a request makes of it.
//
// Threads: pure functions.
// Errors:  Milvus's words.
#pragma once

#include <cstddef>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "proto/internal/data_coord.pb.h"
#include "proto/internal/query_coord.pb.h"

namespace elanus::coordinator {

// The indexes of the vector fields to be loaded. kIndexNotFound or kUnexpected
// if one has none.
absl::StatusOr<std::vector<base::IndexId>> NeededIndexes(
    const internal::LoadRequest& request,
    const internal::DescribeIndexReply& indexes);

// Whether the cluster, of `nodes` query nodes, can serve what is asked.
absl::Status CheckPlace(const internal::LoadRequest& request,
                        std::size_t nodes);

// The wish of a collection of which nothing is loaded.
internal::LoadMeta NewWish(const internal::LoadRequest& request);

// With what the request asks in addition. kParameterInvalid if it asks for
// other replicas or fields.
absl::StatusOr<internal::LoadMeta> Extended(
    const internal::LoadMeta& wish, const internal::LoadRequest& request);

// Without these partitions; all_partitions: that the collection has now. What
// is left may be nothing: no partition and not the whole collection.
internal::LoadMeta Reduced(const internal::LoadMeta& wish,
                           const std::vector<std::int64_t>& released,
                           const std::vector<std::int64_t>& all_partitions);

bool IsEmpty(const internal::LoadMeta& wish);

}  // namespace elanus::coordinator

// Drops that the log knows and a copy of the metadata does not, since they came
// after it. Whoever replays the log leaves out all that is dropped, so that a
// collection that the metadata still held for alive would take writes and lose
// them.
//
//   ASSIGN_OR_RETURN(const LogDrops drops, FindDrops(log, entries));
//   RETURN_IF_ERROR(ApplyDrops(drops, entries));   // as begun; the start ends
//                                                  // them
//
// Threads: FindDrops blocks until it has read the topics from the lowest
//          checkpoints on.
// Errors:  those of the log, IsTruncated if it begins behind a checkpoint;
//          DATA_LOSS for a record that cannot be read.
#pragma once

#include <set>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "storage/log_broker.h"
#include "storage/meta_store.h"

namespace elanus::server {

struct LogDrops {
  std::set<base::CollectionId> collections;
  std::set<std::pair<base::CollectionId, base::PartitionId>> partitions;
};

absl::StatusOr<LogDrops> FindDrops(
    storage::LogBroker& log, const std::vector<storage::MetaEntry>& entries);

// A dropped collection keeps its record, in the state DROPPING, and loses its
// name and its aliases; a dropped partition is in the state DROPPING.
absl::Status ApplyDrops(const LogDrops& drops,
                        std::vector<storage::MetaEntry>& entries);

}  // namespace elanus::server

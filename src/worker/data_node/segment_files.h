// Writes a segment's files: a column file for each field and for the times of
// the rows, folded deletes if there are any, and last the manifest that names
// them all.
//
//   ASSIGN_OR_RETURN(const internal::SegmentMeta meta,
//                    WriteSegment(objects, {.collection = collection, ...,
//                                           .sources = {segment},
//                                           .rows = RowsByKey(...)}));
//
// A flush writes the rows of one growing segment, a compaction those that are
// left of several sealed ones; both in the order of the primary key.
//
// Threads:   pure functions of immutable segments; they block on I/O.
// Ownership: everything is borrowed during the call.
// Errors:    those of the object store, DATA_LOSS of a source. What was
//            written until then lies under the attempt and is garbage.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/hybrid_time.h"
#include "base/ids.h"
#include "base/status.h"
#include "proto/internal/meta.pb.h"
#include "segment/file/manifest.h"
#include "segment/segment.h"
#include "storage/log_broker.h"
#include "storage/object_store.h"
#include "types/schema.h"

namespace elanus::worker {

using Sources = std::vector<std::shared_ptr<const segment::Segment>>;

// A row of one of the sources.
struct SourceRow {
  std::uint32_t source = 0;
  segment::RowOffset row = 0;
};

// All rows of the sources, by rising key; of one key in the order of time.
absl::StatusOr<std::vector<SourceRow>> RowsByKey(const Sources& sources);

// A row of the new segment that is deleted from `at` on.
struct FoldedRow {
  segment::RowOffset row = 0;
  base::Timestamp at;
};

struct SegmentToWrite {
  const internal::CollectionMeta& collection;
  const types::Schema& schema;
  std::int32_t shard = 0;
  base::PartitionId partition{0};
  base::SegmentId segment{0};
  base::AttemptId attempt{0};
  const Sources& sources;
  std::span<const SourceRow> rows;    // at least one
  std::span<const FoldedRow> folded;  // by rising row
  storage::Position synced_to;        // where it was closed
  // Not given: smallest time of a row − 1, and 0.
  base::Timestamp deletes_to;
  base::Timestamp history_from;
};

absl::StatusOr<internal::SegmentMeta> WriteSegment(
    storage::ObjectStore& objects, const SegmentToWrite& what);

// The record of a live segment, of its manifest and where that lies.
internal::SegmentMeta MetaOf(const segment::Manifest& manifest,
                             base::AttemptId attempt,
                             internal::ObjectRef where);

}  // namespace elanus::worker

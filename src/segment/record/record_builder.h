// Builds the records that carry no rows. For Insert and Upsert see
// rows_builder.h.
//
// Each function sets `header.type` itself; the rest of the header is the
// caller's.
//
// Threads: pure functions.
// Errors:  kParameterTooLarge above kMaxRecordBytes.
#pragma once

#include <span>
#include <string_view>

#include "base/buffer.h"
#include "base/hybrid_time.h"
#include "base/ids.h"
#include "base/status.h"
#include "segment/record/record.h"
#include "types/column.h"

namespace elanus::segment {

struct DeleteBody {
  types::ColumnView keys;  // Int64 or VarChar, no nulls
  // Rows with a later effective time stay; 0 = the record's own effective
  // time. A delete by filter puts the clock here at which it was evaluated.
  base::Timestamp upto;
  base::PartitionId partition = base::kAllPartitions;
};

absl::StatusOr<base::Buffer> BuildDelete(RecordHeader header,
                                         const DeleteBody& body);
absl::StatusOr<base::Buffer> BuildCreateCollection(RecordHeader header,
                                                   std::string_view collection);
absl::StatusOr<base::Buffer> BuildDropCollection(RecordHeader header);
// No partitions = all of them.
absl::StatusOr<base::Buffer> BuildCloseSegments(
    RecordHeader header, std::span<const base::PartitionId> partitions);
absl::StatusOr<base::Buffer> BuildCreatePartition(RecordHeader header,
                                                  base::PartitionId partition,
                                                  std::string_view name);
absl::StatusOr<base::Buffer> BuildDropPartition(RecordHeader header,
                                                base::PartitionId partition,
                                                std::string_view name);
absl::StatusOr<base::Buffer> BuildSchemaChange(RecordHeader header,
                                               std::uint32_t new_version,
                                               std::string_view schema);
absl::StatusOr<base::Buffer> BuildImport(
    RecordHeader header, std::span<const base::SegmentId> segments,
    std::string_view payload);
absl::StatusOr<base::Buffer> BuildTick(RecordHeader header);

}  // namespace elanus::segment

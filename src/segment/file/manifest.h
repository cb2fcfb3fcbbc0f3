// What a segment consists of: enough to load it and to rebuild its record in
// the meta store. docs/formats/manifest.md has the bytes.
//
//   const std::string bytes = SerializeManifest(manifest);
//   ASSIGN_OR_RETURN(const Manifest manifest, ParseManifest(bytes, name));
//
// Threads: pure functions.
// Errors:  DATA_LOSS naming `name`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hybrid_time.h"
#include "base/ids.h"
#include "base/status.h"
#include "segment/record/vchannel.h"
#include "storage/log_broker.h"
#include "types/value.h"

namespace elanus::segment {

enum class SegmentFileKind : std::uint8_t {
  kColumn = 1,         // ColumnFile; of field kTimestampField: effective times
  kFoldedDeletes = 2,  // FoldedDeletes
  kStatistics = 3,
  kKeyOrder = 4,  // row offsets in the order of the primary key
};

struct SegmentFile {
  std::string object;  // its name in the object store
  SegmentFileKind kind = SegmentFileKind::kColumn;
  base::FieldId field{0};  // columns, statistics; otherwise 0
  // The rows [first_row, first_row + rows) of the segment are in it: a segment
  // that was written while open has several files a field.
  std::uint64_t first_row = 0;
  std::uint64_t rows = 0;
  std::uint64_t size = 0;  // bytes
  std::uint32_t crc = 0;   // CRC32C of the whole file

  friend bool operator==(const SegmentFile&, const SegmentFile&) = default;
};

struct KeyRange {
  types::PrimaryKey min;
  types::PrimaryKey max;  // of the same kind

  friend bool operator==(const KeyRange&, const KeyRange&) = default;
};

struct Manifest {
  VchannelKey vchannel;
  base::PartitionId partition{0};
  base::SegmentId segment{0};
  std::uint32_t schema_version = 0;
  std::string schema;  // opaque here
  std::uint64_t rows = 0;
  std::optional<KeyRange> keys;  // none without rows
  base::Timestamp min_at;
  base::Timestamp max_at;
  // Rows of log records up to here, this one included, are in the files.
  storage::Position synced_to;
  // Tombstones up to this time are folded in; later ones are to be applied.
  base::Timestamp deletes_to;
  // Reads at an earlier time cannot be answered.
  base::Timestamp history_from;
  bool sorted_by_key = false;
  std::vector<SegmentFile> files;

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

std::string SerializeManifest(const Manifest& manifest);

// Also checks that the column files of each field cover the rows [0, rows)
// without gap or overlap.
absl::StatusOr<Manifest> ParseManifest(std::string_view bytes,
                                       std::string_view name);

}  // namespace elanus::segment

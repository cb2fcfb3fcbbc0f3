// What the object store says about one collection beside its segments' own
// files: its records in the meta store, and which of its segments are live.
// From these files alone the metadata can be made again.
// docs/formats/collection_file.md has the bytes.
//
//   const std::string bytes = SerializeCollectionFile(file);
//   ASSIGN_OR_RETURN(const CollectionFile file,
//                    ParseCollectionFile(bytes, name));
//
// Threads: pure functions.
// Errors:  DATA_LOSS naming `name`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "proto/internal/meta.pb.h"
#include "storage/log_broker.h"

namespace elanus::coordinator {

// Objects are named collection/<id>/<20 digits>; the greatest number counts.
inline constexpr std::string_view kCollectionFiles = "collection/";

// Of records that belong to no collection.
inline constexpr base::CollectionId kNoCollection{0};

struct MetaText {
  std::string key;
  std::string value;
  friend bool operator==(const MetaText&, const MetaText&) = default;
};

// What a segment's manifest does not say.
struct SegmentEntry {
  base::SegmentId id{0};
  internal::SegmentLife state = internal::SEGMENT_FLUSHED;
  base::PartitionId partition{0};
  std::int32_t shard = 0;
  base::AttemptId attempt{0};
  // Also of a segment that is not live: replay skips its rows up to here.
  storage::Position synced_to;
  std::string manifest;  // the object's name; size and checksum of its bytes
  std::uint64_t manifest_size = 0;
  std::uint32_t manifest_crc = 0;
  friend bool operator==(const SegmentEntry&, const SegmentEntry&) = default;
};

struct CollectionFile {
  base::CollectionId collection = kNoCollection;
  std::uint64_t revision = 0;  // of the meta store that it shows
  // No id and no time from these on was given out yet.
  std::uint64_t id_bound = 0;
  std::uint64_t time_bound = 0;
  std::vector<MetaText> records;  // but those of segments
  std::vector<SegmentEntry> segments;
  friend bool operator==(const CollectionFile&,
                         const CollectionFile&) = default;
};

std::string SerializeCollectionFile(const CollectionFile& file);

absl::StatusOr<CollectionFile> ParseCollectionFile(std::string_view bytes,
                                                   std::string_view name);

}  // namespace elanus::coordinator

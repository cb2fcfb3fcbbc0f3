#include "coordinator/collection_file.h"

#include <utility>

#include "base/byte_io.h"
#include "segment/framed_bytes.h"

namespace elanus::coordinator {
namespace {

constexpr std::string_view kMagic = "ELCL";
constexpr std::uint16_t kVersion = 1;
// The least that a record and a segment take.
constexpr std::size_t kRecordBytes = 8;
constexpr std::size_t kSegmentBytes = 46;

void WriteSegment(const SegmentEntry& segment, base::ByteWriter& out) {
  out.Fixed(base::ToInt(segment.id));
  out.Fixed(static_cast<std::uint8_t>(segment.state));
  out.Fixed(base::ToInt(segment.partition));
  out.Fixed(segment.shard);
  out.Fixed(base::ToInt(segment.attempt));
  segment::WritePosition(segment.synced_to, out);
  out.Text(segment.manifest);
  out.Fixed(segment.manifest_size);
  out.Fixed(segment.manifest_crc);
}

absl::StatusOr<SegmentEntry> ReadSegment(base::ByteReader& in) {
  SegmentEntry segment;
  ASSIGN_OR_RETURN(const auto id, in.Fixed<std::int64_t>());
  segment.id = base::SegmentId{id};
  ASSIGN_OR_RETURN(const auto state, in.Fixed<std::uint8_t>());
  if (!internal::SegmentLife_IsValid(state)) {
    return base::DataLoss("{}: segment {} has the state {}", in.name(), id,
                          state);
  }
  segment.state = static_cast<internal::SegmentLife>(state);
  ASSIGN_OR_RETURN(const auto partition, in.Fixed<std::int64_t>());
  segment.partition = base::PartitionId{partition};
  ASSIGN_OR_RETURN(segment.shard, in.Fixed<std::int32_t>());
  ASSIGN_OR_RETURN(const auto attempt, in.Fixed<std::int64_t>());
  segment.attempt = base::AttemptId{attempt};
  ASSIGN_OR_RETURN(segment.synced_to, segment::ReadPosition(in));
  ASSIGN_OR_RETURN(const std::string_view manifest, in.Text());
  segment.manifest = manifest;
  ASSIGN_OR_RETURN(segment.manifest_size, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(segment.manifest_crc, in.Fixed<std::uint32_t>());
  return segment;
}

}  // namespace

std::string SerializeCollectionFile(const CollectionFile& file) {
  base::ByteWriter out;
  out.Fixed(base::ToInt(file.collection));
  out.Fixed(file.revision);
  out.Fixed(file.id_bound);
  out.Fixed(file.time_bound);
  out.Fixed(static_cast<std::uint32_t>(file.records.size()));
  for (const MetaText& record : file.records) {
    out.Text(record.key);
    out.Text(record.value);
  }
  out.Fixed(static_cast<std::uint32_t>(file.segments.size()));
  for (const SegmentEntry& segment : file.segments) WriteSegment(segment, out);
  return segment::Frame(kMagic, kVersion, out.view());
}

absl::StatusOr<CollectionFile> ParseCollectionFile(std::string_view bytes,
                                                   std::string_view name) {
  ASSIGN_OR_RETURN(const segment::FramedBody framed,
                   segment::Unframe(bytes, kMagic, kVersion, name));
  base::ByteReader in(framed.body, name);
  CollectionFile file;
  ASSIGN_OR_RETURN(const auto id, in.Fixed<std::int64_t>());
  file.collection = base::CollectionId{id};
  ASSIGN_OR_RETURN(file.revision, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(file.id_bound, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(file.time_bound, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(const std::uint32_t records, in.Count(kRecordBytes));
  file.records.reserve(records);
  for (std::uint32_t i = 0; i < records; ++i) {
    ASSIGN_OR_RETURN(const std::string_view key, in.Text());
    ASSIGN_OR_RETURN(const std::string_view value, in.Text());
    file.records.push_back(
        {.key = std::string(key), .value = std::string(value)});
  }
  ASSIGN_OR_RETURN(const std::uint32_t segments, in.Count(kSegmentBytes));
  file.segments.reserve(segments);
  for (std::uint32_t i = 0; i < segments; ++i) {
    ASSIGN_OR_RETURN(SegmentEntry segment, ReadSegment(in));
    file.segments.push_back(std::move(segment));
  }
  if (in.remaining() != 0) {
    return base::DataLoss("{}: {} bytes behind the last segment", name,
                          in.remaining());
  }
  return file;
}

}  // namespace elanus::coordinator

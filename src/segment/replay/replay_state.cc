// Replay's state as bytes; docs/formats/replay_state.md describes them.
#include <algorithm>
#include <utility>

#include "base/byte_io.h"
#include "segment/framed_bytes.h"
#include "segment/replay/replay.h"

namespace elanus::segment {
namespace {

constexpr std::string_view kMagic = "ELRS";
constexpr std::uint16_t kVersion = 1;
constexpr std::uint32_t kCreated = 1;
constexpr std::uint32_t kDropped = 2;

constexpr std::size_t kMinOpenSegmentSize = 41;
constexpr std::size_t kWriterSize = 24;

void WriteOpenSegment(const OpenSegment& segment, base::ByteWriter& out) {
  out.Fixed(base::ToInt(segment.partition));
  out.Fixed(base::ToInt(segment.segment));
  out.Fixed(segment.rows);
  out.Fixed(segment.bytes);
  out.Fixed(segment.opened_at.value);
  WritePosition(segment.opened_position, out);
}

absl::StatusOr<OpenSegment> ReadOpenSegment(base::ByteReader& in) {
  OpenSegment segment;
  ASSIGN_OR_RETURN(const auto partition, in.Fixed<std::int64_t>());
  segment.partition = base::PartitionId{partition};
  ASSIGN_OR_RETURN(const auto id, in.Fixed<std::int64_t>());
  segment.segment = base::SegmentId{id};
  ASSIGN_OR_RETURN(segment.rows, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(segment.bytes, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(segment.opened_at.value, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(segment.opened_position, ReadPosition(in));
  return segment;
}

absl::Status Damaged(const base::ByteReader& in, std::string_view why) {
  return base::DataLoss("{}: {} before offset {}", in.name(), why, in.offset());
}

}  // namespace

std::string Replay::Serialize() const {
  base::ByteWriter out;
  out.Fixed(base::ToInt(vchannel_.collection));
  out.Fixed(vchannel_.shard);
  out.Fixed(schema_version_);
  out.Fixed(clock_.value);
  out.Fixed((collection_created_ ? kCreated : 0) |
            (collection_dropped_ ? kDropped : 0));
  out.Fixed(static_cast<std::uint32_t>(open_.size()));
  for (const auto& [partition, segment] : open_) WriteOpenSegment(segment, out);
  out.Fixed(static_cast<std::uint32_t>(dropped_partitions_.size()));
  for (const base::PartitionId id : dropped_partitions_) {
    out.Fixed(base::ToInt(id));
  }
  out.Fixed(static_cast<std::uint32_t>(writers_.size()));
  for (const auto& [at, writer] : writers_by_at_) {
    out.Fixed(base::ToInt(writer));
    out.Fixed(writers_.at(writer).sequence);
    out.Fixed(at.value);
  }
  return Frame(kMagic, kVersion, out.view());
}

absl::StatusOr<Replay> Replay::Deserialize(std::string_view bytes,
                                           std::string_view name) {
  ASSIGN_OR_RETURN(const FramedBody framed,
                   Unframe(bytes, kMagic, kVersion, name));
  base::ByteReader in(framed.body, name);
  VchannelKey vchannel;
  ASSIGN_OR_RETURN(const auto collection, in.Fixed<std::int64_t>());
  vchannel.collection = base::CollectionId{collection};
  ASSIGN_OR_RETURN(vchannel.shard, in.Fixed<std::uint32_t>());
  Replay replay(vchannel);
  ASSIGN_OR_RETURN(replay.schema_version_, in.Fixed<std::uint32_t>());
  ASSIGN_OR_RETURN(replay.clock_.value, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(const auto flags, in.Fixed<std::uint32_t>());
  if (flags > (kCreated | kDropped)) return Damaged(in, "unknown flags");
  replay.collection_created_ = (flags & kCreated) != 0;
  replay.collection_dropped_ = (flags & kDropped) != 0;
  RETURN_IF_ERROR(replay.ReadPartitions(in));
  RETURN_IF_ERROR(replay.ReadWriters(in));
  if (in.remaining() != 0) return Damaged(in, "too many bytes");
  return replay;
}

absl::Status Replay::ReadPartitions(base::ByteReader& in) {
  ASSIGN_OR_RETURN(const auto open_count, in.Count(kMinOpenSegmentSize));
  for (std::uint32_t i = 0; i < open_count; ++i) {
    ASSIGN_OR_RETURN(const OpenSegment segment, ReadOpenSegment(in));
    if (!open_.empty() && open_.rbegin()->first >= segment.partition) {
      return Damaged(in, "partitions that do not rise");
    }
    open_.emplace(segment.partition, segment);
  }
  ASSIGN_OR_RETURN(const auto dropped_count, in.Count(sizeof(std::int64_t)));
  for (std::uint32_t i = 0; i < dropped_count; ++i) {
    ASSIGN_OR_RETURN(const auto raw, in.Fixed<std::int64_t>());
    const base::PartitionId id{raw};
    if (!dropped_partitions_.empty() && *dropped_partitions_.rbegin() >= id) {
      return Damaged(in, "dropped partitions that do not rise");
    }
    if (open_.contains(id)) {
      return Damaged(in, "a dropped partition with an open segment");
    }
    dropped_partitions_.insert(id);
  }
  return absl::OkStatus();
}

absl::Status Replay::ReadWriters(base::ByteReader& in) {
  ASSIGN_OR_RETURN(const auto count, in.Count(kWriterSize));
  if (count > kMaxWriters) return Damaged(in, "too many writers");
  base::Timestamp previous;
  for (std::uint32_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(const auto id, in.Fixed<std::uint64_t>());
    const base::WriterId writer{id};
    LastWrite last;
    ASSIGN_OR_RETURN(last.sequence, in.Fixed<std::uint64_t>());
    ASSIGN_OR_RETURN(last.at.value, in.Fixed<std::uint64_t>());
    if (last.at <= previous || last.at > clock_) {
      return Damaged(in, "writers that are not in the order of time");
    }
    if (!writers_.emplace(writer, last).second) {
      return Damaged(in, "a writer twice");
    }
    writers_by_at_.emplace(last.at, writer);
    previous = last.at;
  }
  return absl::OkStatus();
}

}  // namespace elanus::segment

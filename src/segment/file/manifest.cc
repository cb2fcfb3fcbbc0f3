#include "segment/file/manifest.h"

#include <algorithm>
#include <map>

#include "base/byte_io.h"
#include "segment/framed_bytes.h"

namespace elanus::segment {
namespace {

constexpr std::string_view kMagic = "ELMF";
constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kMinFileSize = 41;

constexpr std::uint8_t kSortedByKey = 1;

enum class KeyKind : std::uint8_t { kNone = 0, kNumber = 1, kText = 2 };

void WriteKeys(const std::optional<KeyRange>& keys, base::ByteWriter& out) {
  if (!keys) {
    out.Fixed(static_cast<std::uint8_t>(KeyKind::kNone));
  } else if (const auto* min = std::get_if<std::int64_t>(&keys->min)) {
    out.Fixed(static_cast<std::uint8_t>(KeyKind::kNumber));
    out.Fixed(*min);
    out.Fixed(std::get<std::int64_t>(keys->max));
  } else {
    out.Fixed(static_cast<std::uint8_t>(KeyKind::kText));
    out.Text(std::get<std::string>(keys->min));
    out.Text(std::get<std::string>(keys->max));
  }
}

absl::StatusOr<std::optional<KeyRange>> ReadKeys(base::ByteReader& in) {
  ASSIGN_OR_RETURN(const auto kind, in.Fixed<std::uint8_t>());
  KeyRange keys;
  switch (static_cast<KeyKind>(kind)) {
    case KeyKind::kNone:
      return std::optional<KeyRange>();
    case KeyKind::kNumber: {
      ASSIGN_OR_RETURN(keys.min, in.Fixed<std::int64_t>());
      ASSIGN_OR_RETURN(keys.max, in.Fixed<std::int64_t>());
      break;
    }
    case KeyKind::kText: {
      ASSIGN_OR_RETURN(const auto min, in.Text());
      ASSIGN_OR_RETURN(const auto max, in.Text());
      keys = {.min = std::string(min), .max = std::string(max)};
      break;
    }
    default:
      return base::DataLoss("{}: keys of kind {}", in.name(), kind);
  }
  if (keys.min > keys.max) {
    return base::DataLoss("{}: the least key is above the greatest", in.name());
  }
  return std::optional<KeyRange>(std::move(keys));
}

void WriteFile(const SegmentFile& file, base::ByteWriter& out) {
  out.Fixed(static_cast<std::uint8_t>(file.kind));
  out.Fixed(base::ToInt(file.field));
  out.Fixed(file.first_row);
  out.Fixed(file.rows);
  out.Fixed(file.size);
  out.Fixed(file.crc);
  out.Text(file.object);
}

absl::StatusOr<SegmentFile> ReadFile(base::ByteReader& in) {
  SegmentFile file;
  ASSIGN_OR_RETURN(const auto kind, in.Fixed<std::uint8_t>());
  file.kind = static_cast<SegmentFileKind>(kind);
  if (file.kind < SegmentFileKind::kColumn ||
      file.kind > SegmentFileKind::kKeyOrder) {
    return base::DataLoss("{}: a file of kind {}", in.name(), kind);
  }
  ASSIGN_OR_RETURN(const auto field, in.Fixed<std::int64_t>());
  file.field = base::FieldId{field};
  ASSIGN_OR_RETURN(file.first_row, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(file.rows, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(file.size, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(file.crc, in.Fixed<std::uint32_t>());
  ASSIGN_OR_RETURN(const auto object, in.Text());
  file.object = std::string(object);
  return file;
}

absl::Status CheckCoverage(const Manifest& manifest, std::string_view name) {
  std::map<base::FieldId, std::vector<const SegmentFile*>> columns;
  for (const SegmentFile& file : manifest.files) {
    if (file.kind == SegmentFileKind::kColumn) {
      columns[file.field].push_back(&file);
    }
  }
  for (auto& [field, files] : columns) {
    std::ranges::sort(files, {}, &SegmentFile::first_row);
    std::uint64_t next = 0;
    for (const SegmentFile* file : files) {
      if (file->first_row != next || file->rows > manifest.rows - next) {
        return base::DataLoss("{}: {} begins at row {} of {}, not at {}", name,
                              file->object, file->first_row, manifest.rows,
                              next);
      }
      next += file->rows;
    }
    if (next != manifest.rows) {
      return base::DataLoss("{}: the files of field {} have {} of {} rows",
                            name, base::ToInt(field), next, manifest.rows);
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string SerializeManifest(const Manifest& manifest) {
  base::ByteWriter out;
  out.Fixed(base::ToInt(manifest.vchannel.collection));
  out.Fixed(manifest.vchannel.shard);
  out.Fixed(base::ToInt(manifest.partition));
  out.Fixed(base::ToInt(manifest.segment));
  out.Fixed(manifest.schema_version);
  out.Text(manifest.schema);
  out.Fixed(manifest.rows);
  WriteKeys(manifest.keys, out);
  out.Fixed(manifest.min_at.value);
  out.Fixed(manifest.max_at.value);
  WritePosition(manifest.synced_to, out);
  out.Fixed(manifest.deletes_to.value);
  out.Fixed(manifest.history_from.value);
  out.Fixed(manifest.sorted_by_key ? kSortedByKey : std::uint8_t{0});
  out.Fixed(static_cast<std::uint32_t>(manifest.files.size()));
  for (const SegmentFile& file : manifest.files) WriteFile(file, out);
  return Frame(kMagic, kVersion, out.view());
}

absl::StatusOr<Manifest> ParseManifest(std::string_view bytes,
                                       std::string_view name) {
  ASSIGN_OR_RETURN(const FramedBody framed,
                   Unframe(bytes, kMagic, kVersion, name));
  base::ByteReader in(framed.body, name);
  Manifest manifest;
  ASSIGN_OR_RETURN(const auto collection, in.Fixed<std::int64_t>());
  manifest.vchannel.collection = base::CollectionId{collection};
  ASSIGN_OR_RETURN(manifest.vchannel.shard, in.Fixed<std::uint32_t>());
  ASSIGN_OR_RETURN(const auto partition, in.Fixed<std::int64_t>());
  manifest.partition = base::PartitionId{partition};
  ASSIGN_OR_RETURN(const auto segment, in.Fixed<std::int64_t>());
  manifest.segment = base::SegmentId{segment};
  ASSIGN_OR_RETURN(manifest.schema_version, in.Fixed<std::uint32_t>());
  ASSIGN_OR_RETURN(const auto schema, in.Text());
  manifest.schema = std::string(schema);
  ASSIGN_OR_RETURN(manifest.rows, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(manifest.keys, ReadKeys(in));
  ASSIGN_OR_RETURN(manifest.min_at.value, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(manifest.max_at.value, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(manifest.synced_to, ReadPosition(in));
  ASSIGN_OR_RETURN(manifest.deletes_to.value, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(manifest.history_from.value, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(const auto flags, in.Fixed<std::uint8_t>());
  manifest.sorted_by_key = (flags & kSortedByKey) != 0;
  ASSIGN_OR_RETURN(const auto file_count, in.Count(kMinFileSize));
  for (std::uint32_t i = 0; i < file_count; ++i) {
    ASSIGN_OR_RETURN(SegmentFile file, ReadFile(in));
    manifest.files.push_back(std::move(file));
  }
  if (in.remaining() != 0 || (flags & ~kSortedByKey) != 0) {
    return base::DataLoss("{}: {} bytes too many, flags {}", name,
                          in.remaining(), flags);
  }
  RETURN_IF_ERROR(CheckCoverage(manifest, name));
  return manifest;
}

}  // namespace elanus::segment

#include "segment/record/record_builder.h"

#include <cstring>

#include "base/byte_io.h"
#include "segment/record/record_format.h"

namespace elanus::segment {
namespace {

namespace format = record_format;

absl::StatusOr<base::Buffer> Finish(RecordHeader header, RecordType type,
                                    std::string_view body) {
  const std::size_t size = format::kHeaderSize + body.size();
  if (size > kMaxRecordBytes) {
    return base::InvalidInput(base::ErrorCode::kParameterTooLarge,
                              "{} bytes do not fit into one log record of {}",
                              size, kMaxRecordBytes);
  }
  base::AlignedBytes bytes(size);
  // memcpy from an empty view may be given a null pointer.
  if (!body.empty()) {
    std::memcpy(bytes.data() + format::kHeaderSize, body.data(), body.size());
  }
  header.type = type;
  RETURN_IF_ERROR(format::WriteHeader(header, bytes.bytes()));
  return std::move(bytes).Freeze();
}

// Bytes of the texts alone: a view's offsets may start above 0.
std::size_t ValueBytes(const types::ColumnView& keys) {
  if (!types::IsVariableLength(keys.type)) return 0;
  return keys.offsets.back() - keys.offsets.front();
}

void CopyKeys(const types::ColumnView& keys, const format::ColumnPlace& place,
              std::span<std::byte> record) {
  std::size_t first = 0;
  if (place.offsets != 0) {
    first = keys.offsets.front();
    auto* offsets =
        reinterpret_cast<std::uint32_t*>(record.data() + place.offsets);
    for (std::size_t i = 0; i <= keys.rows; ++i) {
      offsets[i] = keys.offsets[i] - keys.offsets.front();
    }
  }
  if (place.values_size != 0) {
    std::memcpy(record.data() + place.values, keys.values.data() + first,
                place.values_size);
  }
}

}  // namespace

absl::StatusOr<base::Buffer> BuildDelete(RecordHeader header,
                                         const DeleteBody& body) {
  const types::ColumnView& keys = body.keys;
  if (keys.type != types::DataType::kInt64 &&
      keys.type != types::DataType::kVarChar) {
    return base::Error(base::ErrorCode::kServiceInternal,
                       "log record: keys of type {}", types::NameOf(keys.type));
  }
  const std::size_t value_bytes = ValueBytes(keys);
  if (keys.rows > kMaxRecordBytes || value_bytes > kMaxRecordBytes) {
    return base::InvalidInput(base::ErrorCode::kParameterTooLarge,
                              "{} keys do not fit into one log record",
                              keys.rows);
  }
  const ColumnLayout layout{
      .type = keys.type,
      .value_bytes = static_cast<std::uint32_t>(value_bytes)};
  const std::size_t fixed_size =
      format::kHeaderSize + format::kDeletePrefixSize + format::kDescriptorSize;
  ASSIGN_OR_RETURN(const format::RecordPlaces places,
                   format::PlaceColumns(fixed_size, keys.rows, {&layout, 1}));
  base::AlignedBytes bytes(places.size);
  std::memset(bytes.data(), 0, bytes.size());
  base::ByteWriter out;
  out.Fixed(static_cast<std::uint32_t>(keys.rows));
  out.Fixed(std::uint32_t{0});
  out.Fixed(body.upto.value);
  out.Fixed(base::ToInt(body.partition));
  std::memcpy(bytes.data() + format::kHeaderSize, out.view().data(),
              out.size());
  format::WriteDescriptor(
      layout, places.columns.front(),
      bytes.bytes().subspan(format::kHeaderSize + format::kDeletePrefixSize));
  CopyKeys(keys, places.columns.front(), bytes.bytes());
  if (!keys.offsets.empty()) {
    const std::span<const std::uint32_t> offsets{
        reinterpret_cast<const std::uint32_t*>(bytes.data() +
                                               places.columns.front().offsets),
        keys.rows + 1};
    RETURN_IF_ERROR(format::CheckOffsets(offsets, value_bytes));
  }
  header.type = RecordType::kDelete;
  RETURN_IF_ERROR(format::WriteHeader(header, bytes.bytes()));
  return std::move(bytes).Freeze();
}

absl::StatusOr<base::Buffer> BuildCreateCollection(
    RecordHeader header, std::string_view collection) {
  return Finish(header, RecordType::kCreateCollection, collection);
}

absl::StatusOr<base::Buffer> BuildDropCollection(RecordHeader header) {
  return Finish(header, RecordType::kDropCollection, {});
}

absl::StatusOr<base::Buffer> BuildCloseSegments(
    RecordHeader header, std::span<const base::PartitionId> partitions) {
  base::ByteWriter out;
  out.Fixed(static_cast<std::uint32_t>(partitions.size()));
  for (const base::PartitionId id : partitions) out.Fixed(base::ToInt(id));
  return Finish(header, RecordType::kCloseSegments, out.view());
}

absl::StatusOr<base::Buffer> BuildCreatePartition(RecordHeader header,
                                                  base::PartitionId partition,
                                                  std::string_view name) {
  base::ByteWriter out;
  out.Fixed(base::ToInt(partition));
  out.Text(name);
  return Finish(header, RecordType::kCreatePartition, out.view());
}

absl::StatusOr<base::Buffer> BuildDropPartition(RecordHeader header,
                                                base::PartitionId partition,
                                                std::string_view name) {
  base::ByteWriter out;
  out.Fixed(base::ToInt(partition));
  out.Text(name);
  return Finish(header, RecordType::kDropPartition, out.view());
}

absl::StatusOr<base::Buffer> BuildSchemaChange(RecordHeader header,
                                               std::uint32_t new_version,
                                               std::string_view schema) {
  base::ByteWriter out;
  out.Fixed(new_version);
  out.Text(schema);
  return Finish(header, RecordType::kSchemaChange, out.view());
}

absl::StatusOr<base::Buffer> BuildImport(
    RecordHeader header, std::span<const base::SegmentId> segments,
    std::string_view payload) {
  base::ByteWriter out;
  out.Fixed(static_cast<std::uint32_t>(segments.size()));
  for (const base::SegmentId id : segments) out.Fixed(base::ToInt(id));
  out.Text(payload);
  return Finish(header, RecordType::kImport, out.view());
}

absl::StatusOr<base::Buffer> BuildTick(RecordHeader header) {
  return Finish(header, RecordType::kTick, {});
}

}  // namespace elanus::segment

#include "segment/record/record_format.h"

#include <algorithm>
#include <cstring>

#include "base/byte_io.h"
#include "base/crc32c.h"

namespace elanus::segment::record_format {
namespace {

// The widest vector that a schema allows has 32768 values of 4 bytes.
constexpr std::int64_t kMaxDim = 1 << 20;

absl::Status BadLayout(std::string_view why) {
  return base::Error(base::ErrorCode::kServiceInternal, "log record: {}", why);
}

template <typename Id>
bool HasTwice(std::vector<Id> ids) {
  std::sort(ids.begin(), ids.end());
  return std::adjacent_find(ids.begin(), ids.end()) != ids.end();
}

}  // namespace

absl::Status CheckColumn(const ColumnLayout& column) {
  if (!types::DataTypeFromWire(static_cast<std::int32_t>(column.type)) ||
      column.type == types::DataType::kNone) {
    return BadLayout(fmt::format("field {} has the unknown type {}",
                                 base::ToInt(column.field),
                                 static_cast<std::int32_t>(column.type)));
  }
  const bool has_dim =
      types::IsVector(column.type) && !types::IsVariableLength(column.type);
  const bool whole_bytes =
      column.type != types::DataType::kBinaryVector || column.dim % 8 == 0;
  if (has_dim ? column.dim < 1 || column.dim > kMaxDim || !whole_bytes
              : column.dim != 0) {
    return BadLayout(fmt::format("field {} of type {} has dimension {}",
                                 base::ToInt(column.field),
                                 types::NameOf(column.type), column.dim));
  }
  return absl::OkStatus();
}

absl::StatusOr<RecordPlaces> PlaceColumns(
    std::size_t fixed_size, std::size_t rows,
    std::span<const ColumnLayout> columns) {
  RecordPlaces places;
  std::uint64_t end = AlignUp(fixed_size);
  for (const ColumnLayout& column : columns) {
    RETURN_IF_ERROR(CheckColumn(column));
    ColumnPlace place;
    if (column.has_nulls) {
      place.nulls = end;
      end = AlignUp(end + (rows + 63) / 64 * 8);
    }
    place.values_size = column.value_bytes;
    if (types::IsVariableLength(column.type)) {
      place.offsets = end;
      end = AlignUp(end + (rows + 1) * sizeof(std::uint32_t));
    } else {
      place.values_size = rows * types::FixedWidth(column.type, column.dim);
    }
    place.values = end;
    end = AlignUp(end + place.values_size);
    if (end > kMaxRecordBytes) {
      return base::InvalidInput(
          base::ErrorCode::kParameterTooLarge,
          "{} rows take more than the {} bytes of one log record", rows,
          kMaxRecordBytes);
    }
    places.columns.push_back(place);
  }
  places.size = end;
  return places;
}

absl::Status CheckRuns(std::span<const PartitionRun> runs, std::uint32_t rows) {
  std::uint64_t next = 0;
  for (const PartitionRun& run : runs) {
    if (run.row_begin != next || run.rows == 0) {
      return BadLayout(fmt::format("a run of {} rows begins at row {}, not {}",
                                   run.rows, run.row_begin, next));
    }
    next += run.rows;
  }
  if (next != rows) {
    return BadLayout(fmt::format("runs cover {} of {} rows", next, rows));
  }
  if (runs.size() < 2) return absl::OkStatus();
  std::vector<base::PartitionId> partitions;
  std::vector<base::SegmentId> segments;
  for (const PartitionRun& run : runs) {
    partitions.push_back(run.partition);
    segments.push_back(run.segment);
  }
  if (HasTwice(std::move(partitions)) || HasTwice(std::move(segments))) {
    return BadLayout("two runs have the same partition or segment");
  }
  return absl::OkStatus();
}

absl::Status CheckOffsets(std::span<const std::uint32_t> offsets,
                          std::size_t value_bytes) {
  if (offsets.front() != 0 || offsets.back() != value_bytes ||
      !std::is_sorted(offsets.begin(), offsets.end())) {
    return BadLayout(
        fmt::format("offsets do not rise from 0 to {}", value_bytes));
  }
  return absl::OkStatus();
}

absl::Status CheckNulls(std::span<const std::uint64_t> words,
                        std::size_t rows) {
  if (rows % 64 != 0 && words.back() >> (rows % 64) != 0) {
    return BadLayout("a null beyond the last row");
  }
  return absl::OkStatus();
}

absl::Status WriteHeader(const RecordHeader& header,
                         std::span<std::byte> record) {
  if (header.proposed > kMaxProposed) {
    return BadLayout(fmt::format("proposed time {} is beyond all times",
                                 header.proposed.value));
  }
  base::ByteWriter out;
  out.Raw(kMagic);
  out.Fixed(kVersion);
  out.Fixed(static_cast<std::uint8_t>(header.type));
  out.Fixed(std::uint8_t{0});
  out.Fixed(std::uint32_t{0});  // checksum of the header, below
  out.Fixed(base::Crc32c(record.subspan(kHeaderSize)));
  out.Fixed(static_cast<std::uint32_t>(record.size()));
  out.Fixed(static_cast<std::uint32_t>(kHeaderSize));
  out.Fixed(base::ToInt(header.vchannel.collection));
  out.Fixed(header.vchannel.shard);
  out.Fixed(header.schema_version);
  out.Fixed(base::ToInt(header.writer));
  out.Fixed(header.sequence);
  out.Fixed(header.proposed.value);
  const auto bytes =
      std::as_bytes(std::span(out.view().data(), out.view().size()));
  out.Patch(kHeaderCrcAt,
            base::Crc32c(bytes.subspan(kBodyCrcAt),
                         base::Crc32c(bytes.first(kHeaderCrcAt))));
  std::memcpy(record.data(), out.view().data(), kHeaderSize);
  return absl::OkStatus();
}

void WriteDescriptor(const ColumnLayout& column, const ColumnPlace& place,
                     std::span<std::byte> to) {
  base::ByteWriter out;
  out.Fixed(base::ToInt(column.field));
  out.Fixed(static_cast<std::int32_t>(column.type));
  out.Fixed(column.has_nulls ? kHasNulls : std::uint32_t{0});
  out.Fixed(column.dim);
  out.Fixed(static_cast<std::uint32_t>(place.nulls));
  out.Fixed(static_cast<std::uint32_t>(place.offsets));
  out.Fixed(static_cast<std::uint32_t>(place.values));
  out.Fixed(static_cast<std::uint32_t>(place.values_size));
  std::memcpy(to.data(), out.view().data(), kDescriptorSize);
}

}  // namespace elanus::segment::record_format

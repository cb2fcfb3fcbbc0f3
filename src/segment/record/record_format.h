// The bytes of a record, shared by builders and parser. docs/formats/record.md
// describes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/status.h"
#include "segment/record/column_layout.h"
#include "segment/record/record.h"

namespace elanus::segment::record_format {

inline constexpr std::string_view kMagic = "ELRC";
inline constexpr std::uint16_t kVersion = 1;
inline constexpr std::size_t kHeaderSize = 64;
inline constexpr std::size_t kAlignment = base::AlignedBytes::kAlignment;

// Places in the header.
inline constexpr std::size_t kHeaderCrcAt = 8;
inline constexpr std::size_t kBodyCrcAt = 12;

inline constexpr std::size_t kRowsPrefixSize = 24;
inline constexpr std::size_t kDeletePrefixSize = 24;
inline constexpr std::size_t kRunSize = 24;
inline constexpr std::size_t kDescriptorSize = 40;
inline constexpr std::uint32_t kHasNulls = 1;

struct RecordPlaces {
  std::vector<ColumnPlace> columns;
  std::size_t size = 0;  // of the whole record
};

constexpr std::size_t AlignUp(std::size_t offset) {
  return (offset + kAlignment - 1) / kAlignment * kAlignment;
}

// Can a column of a record be of this type and dimension?
absl::Status CheckColumn(const ColumnLayout& column);

// The one layout that a record with these columns has: `fixed_size` bytes of
// header, prefix, runs and descriptors, then each column's buffers.
absl::StatusOr<RecordPlaces> PlaceColumns(
    std::size_t fixed_size, std::size_t rows,
    std::span<const ColumnLayout> columns);

// Runs in row order without gaps, none empty, no partition or segment twice.
absl::Status CheckRuns(std::span<const PartitionRun> runs, std::uint32_t rows);

// The first 0, none falling, the last `value_bytes`.
absl::Status CheckOffsets(std::span<const std::uint32_t> offsets,
                          std::size_t value_bytes);

// No bit beyond the rows is set.
absl::Status CheckNulls(std::span<const std::uint64_t> words, std::size_t rows);

// Writes the 64 bytes of the header in front of a finished body, with both
// checksums. Errors: kServiceInternal for a proposed time beyond kMaxProposed.
absl::Status WriteHeader(const RecordHeader& header,
                         std::span<std::byte> record);

void WriteDescriptor(const ColumnLayout& column, const ColumnPlace& place,
                     std::span<std::byte> to);

}  // namespace elanus::segment::record_format

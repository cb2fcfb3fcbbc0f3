// Bytes of the embedded log's files: docs/formats/log.md.
//
// A place is a byte address in the one endless log that the files make up; the
// first byte of a file has the place that the file is named after.
//
// Threads: all functions are pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "storage/log_broker.h"

namespace elanus::storage {

inline constexpr std::size_t kLogFileHeaderBytes = 64;
inline constexpr std::size_t kRecordHeaderBytes = 32;
inline constexpr std::size_t kRecordAlignment = 8;

struct RecordHeader {
  std::uint64_t place = 0;
  // All of the log before this place was durable when the record was written.
  std::uint64_t durable = 0;
  std::uint32_t size = 0;   // of the record itself
  std::uint32_t topic = 0;  // its number
};

using RecordHeaderBytes = std::array<std::byte, kRecordHeaderBytes>;
using LogFileHeaderBytes = std::array<std::byte, kLogFileHeaderBytes>;

// payload_crc: base::Crc32c of the record, so that it can be taken before the
// place is known.
RecordHeaderBytes EncodeRecordHeader(const RecordHeader& header,
                                     std::uint32_t payload_crc);

// The record at the front of `bytes`, if it is whole and says that it stands
// at `place`.
std::optional<RecordHeader> CheckRecord(std::span<const std::byte> bytes,
                                        std::uint64_t place);

// What a record of `size` bytes takes, header and padding included.
inline constexpr std::uint64_t RecordSpace(std::uint64_t size) {
  return (kRecordHeaderBytes + size + kRecordAlignment - 1) / kRecordAlignment *
         kRecordAlignment;
}

LogFileHeaderBytes EncodeLogFileHeader(std::uint64_t start);
bool CheckLogFileHeader(std::span<const std::byte> bytes, std::uint64_t start);

// "00000000000000c0.log" for the file that starts at place 192.
std::string LogFileName(std::uint64_t start);
std::optional<std::uint64_t> ParseLogFileName(std::string_view name);

// Place 0 is the beginning, every other one eight big-endian bytes.
Position PositionOf(std::uint64_t place);
absl::StatusOr<std::uint64_t> PlaceOf(const Position& position);

}  // namespace elanus::storage

// The frame of small files that are read as a whole (replay state, manifest):
// magic, format version, size, body, CRC32C of all that. docs/formats/
// describes each file.
//
//   std::string bytes = Frame("ELRS", 1, body);
//   ASSIGN_OR_RETURN(const FramedBody framed, Unframe(bytes, "ELRS", 1, name));
//
// Threads:   pure functions.
// Ownership: FramedBody points into the bytes given.
// Errors:    DATA_LOSS naming `name`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/byte_io.h"
#include "base/status.h"
#include "storage/log_broker.h"

namespace elanus::segment {

struct FramedBody {
  std::uint16_t version = 0;
  std::string_view body;
};

// `magic` has four characters.
std::string Frame(std::string_view magic, std::uint16_t version,
                  std::string_view body);

// Refuses versions above `newest_version`.
absl::StatusOr<FramedBody> Unframe(std::string_view bytes,
                                   std::string_view magic,
                                   std::uint16_t newest_version,
                                   std::string_view name);

// One byte of length, then the position's bytes.
void WritePosition(const storage::Position& position, base::ByteWriter& out);
absl::StatusOr<storage::Position> ReadPosition(base::ByteReader& in);

}  // namespace elanus::segment

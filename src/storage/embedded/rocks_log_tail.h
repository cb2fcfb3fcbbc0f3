// What a power cut leaves at the end of RocksDB's logs, and how to mend it.
//
//   if (opened.IsCorruption()) {
//     ASSIGN_OR_RETURN(const std::uint64_t cut, CutTornTails(path));
//     if (cut > 0) ...                        // open again
//   }
//
// A disk may write the sectors of an unsynced record in any order. RocksDB
// takes a record that merely ends too early for torn, but one with a hole for
// damage, and cannot open: it does not know what was synced. Here each record
// is synced before the next one is written, so a bad record is torn exactly if
// no other one begins behind it; then it was never acknowledged.
//
// Threads: any, while the database is closed. A record that is being written
//          looks torn.
// Source:  RocksDB, "Write Ahead Log File Format".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace elanus::storage {

// Where the last record begins, if it is torn and the rest is whole.
std::optional<std::size_t> FindTornTail(std::span<const std::byte> log);

struct TornTail {
  std::string path;
  std::uint64_t begin = 0;
  std::uint64_t bytes = 0;
};

// The torn records at the ends of the newest write-ahead log and of the
// manifest in use.
absl::StatusOr<std::vector<TornTail>> FindTornTails(const std::string& folder);

// Cuts them. Returns the bytes that were cut.
absl::StatusOr<std::uint64_t> CutTornTails(const std::string& folder);

}  // namespace elanus::storage

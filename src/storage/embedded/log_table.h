// The embedded log's table: which topics there are, from where each is kept,
// and which files make up the log. One small file, replaced as a whole
// (docs/formats/log.md).
//
// Threads: plain data.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "storage/embedded/log_file.h"

namespace elanus::storage {

struct LogTable {
  struct Topic {
    std::uint32_t number = 0;     // never given twice
    std::uint64_t truncated = 0;  // records before this place are given up
    friend bool operator==(const Topic&, const Topic&) = default;
  };
  // A file behind log_start that was removed; [start, end).
  struct Gap {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    friend bool operator==(const Gap&, const Gap&) = default;
  };

  std::uint64_t log_start = 0;  // of the first file that must exist
  std::uint32_t next_topic = 1;
  std::map<std::string, Topic, std::less<>> topics;
  std::vector<Gap> gaps;  // ascending

  friend bool operator==(const LogTable&, const LogTable&) = default;
};

inline constexpr std::string_view kLogTableName = "topics";

std::string EncodeLogTable(const LogTable& table);

// `name` stands in the errors. Errors: DATA_LOSS.
absl::StatusOr<LogTable> DecodeLogTable(std::string_view bytes,
                                        std::string_view name);

// The folder's table; empty in a folder without log. Errors: DATA_LOSS, also
// for log files without a table.
absl::StatusOr<std::optional<LogTable>> ReadLogTable(LogFolder& folder);

}  // namespace elanus::storage

// Reads a log's files without changing anything: what `elanus check` says of
// them.
//
//   const auto log = CheckLog(data + "/log");
//   if (!log.ok()) ...                     // damage, by file and offset
//
// Threads: any, besides a process that writes: its last records may then look
//          torn.
// Errors:  DATA_LOSS for damage and missing files.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/status.h"
#include "storage/log_broker.h"

namespace elanus::storage {

struct LogCheck {
  struct Topic {
    Position truncated;  // records before it are given up
    std::uint64_t records = 0;
  };
  std::map<std::string, Topic> topics;
  std::uint64_t files = 0;
  std::uint64_t records = 0;
  std::uint64_t torn_bytes = 0;  // a start cuts them off
  Position end;                  // behind the last record
};

absl::StatusOr<LogCheck> CheckLog(const std::string& folder);

}  // namespace elanus::storage

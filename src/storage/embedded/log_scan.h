// Reads the embedded log's files at start: checks every record, tells damage
// from a torn tail, and cuts the tail.
//
// A bad record below a place that a later record calls durable is damage: the
// scan fails and names file and offset. Otherwise nothing at or behind the bad
// record was ever acknowledged, and it is cut off.
//
// Cost: one sequential read of the log, checksums at memory speed.
#pragma once

#include <cstdint>
#include <memory>

#include "storage/embedded/log_file.h"
#include "storage/embedded/log_format.h"
#include "storage/embedded/log_table.h"

namespace elanus::storage {

// Told what the log holds, in its order: each file, then its whole records.
class LogVisitor {
 public:
  virtual ~LogVisitor() = default;
  virtual void OnFile(std::uint64_t start, std::shared_ptr<LogFile> file) = 0;
  virtual void OnRecord(const RecordHeader& record) = 0;
};

struct LogScan {
  // The file that is appended to, and the place of its first byte.
  std::shared_ptr<LogFile> last;
  std::uint64_t last_start = 0;
  std::uint64_t cut_bytes = 0;  // torn tail taken away
};

// Afterwards all of the log is durable, files that the table gives up are
// gone, and a log without files has its first one.
// Errors: DATA_LOSS for damage and missing files; those of the folder.
absl::StatusOr<LogScan> ScanLog(LogFolder& folder, const LogTable& table,
                                LogVisitor& visitor);

// Makes the file that starts at `start`, with its header, durable.
absl::StatusOr<std::shared_ptr<LogFile>> CreateLogFile(LogFolder& folder,
                                                       std::uint64_t start);

}  // namespace elanus::storage

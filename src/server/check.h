// `elanus check`: reads all of a data folder and says what is wrong with it:
// every record of the metadata, every file that they name, every block of it,
// the log. Changes nothing.
//
//   const CheckReport report = CheckData(data);
//   for (const std::string& problem : report.problems) ...
//
// Besides a running server it sees what was there when it began; what the
// server replaced and deleted meanwhile is not a problem.
//
// Threads: blocks on I/O.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace elanus::server {

struct CheckReport {
  std::vector<std::string> problems;  // one a line, naming file or record
  std::uint64_t records = 0;          // of the meta store
  std::uint64_t collections = 0;
  std::uint64_t segments = 0;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;  // of files
  std::uint64_t log_records = 0;
  // A start cuts them off: they are of what was never acknowledged.
  std::uint64_t log_torn_bytes = 0;
  std::uint64_t meta_torn_bytes = 0;
};

CheckReport CheckData(const std::string& data_dir);

}  // namespace elanus::server

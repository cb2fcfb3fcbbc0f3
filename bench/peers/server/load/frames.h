// Files of messages: each is four bytes, its length in little-endian order,
// and then its bytes. The driver writes requests so, once, before anything is
// measured; replies come back to it in the same shape and order.
//
//   ASSIGN_OR_RETURN(std::vector<std::string> requests, ReadFrames(path));
//   RETURN_IF_ERROR(WriteFrames(path, replies));
//
// Threads:   none kept.
// Errors:    kIoFailed naming the file; kParameterInvalid for a cut one.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace elanus::bench {

absl::StatusOr<std::vector<std::string>> ReadFrames(const std::string& path);
absl::Status WriteFrames(const std::string& path,
                         const std::vector<std::string>& frames);

}  // namespace elanus::bench

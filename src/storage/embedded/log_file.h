// The file layer under the embedded log: just what the log needs of a folder,
// so that tests can put one below it that fails, tears writes and loses what
// was not synced (testing/faulty_log_folder.h).
//
// Threads:   LogFile: one writer (Append, Sync, Truncate) besides any number of
//            readers of what was appended before. LogFolder: any.
// Errors:    a full disk is kDiskLimitExceeded; the rest kIoFailed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace elanus::storage {

class LogFile {
 public:
  virtual ~LogFile() = default;

  // Puts all parts at the end. After an error the size is as before, but the
  // bytes behind it are anything: Truncate to size() takes them away.
  virtual absl::Status Append(
      std::span<const std::span<const std::byte>> parts) = 0;

  // Makes durable what was appended. After an error nobody knows what is.
  virtual absl::Status Sync() = 0;

  // Fills `out` from `offset`; fewer bytes are an error.
  virtual absl::Status Read(std::uint64_t offset,
                            std::span<std::byte> out) const = 0;

  // Cuts to `size`, which is at most size(); durable after the next Sync.
  virtual absl::Status Truncate(std::uint64_t size) = 0;

  virtual std::uint64_t size() const = 0;
};

class LogFolder {
 public:
  virtual ~LogFolder() = default;

  // A new, empty file, durable as such. Removes what lay there.
  virtual absl::StatusOr<std::unique_ptr<LogFile>> Create(
      std::string_view name) = 0;
  virtual absl::StatusOr<std::unique_ptr<LogFile>> Open(
      std::string_view name) = 0;
  // An open LogFile stays readable.
  virtual absl::Status Remove(std::string_view name) = 0;
  virtual absl::StatusOr<std::vector<std::string>> List() = 0;

  // Makes `name` hold `bytes`, atomically and durably.
  virtual absl::Status Replace(std::string_view name,
                               std::string_view bytes) = 0;

  // For messages.
  virtual std::string PathOf(std::string_view name) const = 0;
};

}  // namespace elanus::storage

// One data folder belongs to one process and one cluster.
//
//   ASSIGN_OR_RETURN(FolderLock lock, FolderLock::Acquire(data));
//   ASSIGN_OR_RETURN(std::string cluster, ReadOrCreateClusterId(data));
//
// Threads:   any.
// Ownership: the lock is given back when the object, or the process, ends.
#pragma once

#include <string>

#include "base/status.h"
#include "storage/local/file_io.h"

namespace elanus::storage {

class FolderLock {
 public:
  // Makes the folder if it is missing (its parent must exist) and locks
  // <folder>/LOCK. Errors: kServiceUnavailable naming the pid that holds it.
  static absl::StatusOr<FolderLock> Acquire(const std::string& folder);

  FolderLock(FolderLock&&) noexcept = default;
  FolderLock& operator=(FolderLock&&) noexcept = default;

 private:
  explicit FolderLock(FileHandle file) : file_(std::move(file)) {}
  FileHandle file_;
};

// The id in <folder>/cluster_id, 32 hexadecimal digits; made at random if there
// is none. Errors: DATA_LOSS if the file holds something else.
absl::StatusOr<std::string> ReadOrCreateClusterId(const std::string& folder);

}  // namespace elanus::storage

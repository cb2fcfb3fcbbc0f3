// LogFolder in a folder of the file system.
//
// Durable means: fdatasync of the file, fsync of the folder that names it.
#pragma once

#include <memory>
#include <string>

#include "storage/embedded/log_file.h"

namespace elanus::storage {

// Makes the folder if it is missing; its parent must exist.
absl::StatusOr<std::unique_ptr<LogFolder>> OpenPosixLogFolder(
    const std::string& path);

}  // namespace elanus::storage

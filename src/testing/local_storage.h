// The embedded log and the local object store, below a test's folder. Where
// the machine has no room for them the process ends and says so.
#pragma once

#include <memory>

#include "base/log.h"
#include "storage/embedded/embedded_log.h"
#include "storage/embedded/posix_log_folder.h"
#include "storage/local/local_object_store.h"
#include "testing/temp_folder.h"

namespace elanus::testing {

// With the topic "t".
inline std::unique_ptr<storage::EmbeddedLog> OpenLog(const TempFolder& folder) {
  auto log = *storage::EmbeddedLog::Open(
      *storage::OpenPosixLogFolder(folder.path() + "/log"), {});
  CHECK(log->CreateTopic("t").ok());
  return log;
}

inline std::unique_ptr<storage::LocalObjectStore> OpenObjects(
    const TempFolder& folder) {
  return *storage::LocalObjectStore::Open({.root = folder.path() + "/objects"});
}

}  // namespace elanus::testing

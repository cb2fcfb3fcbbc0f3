// Brings RocksDB back after a full disk, without a restart.
//
//   options.listeners.push_back(NoAutomaticRecovery());
//   ...
//   if (needs_resume) RETURN_IF_ERROR(ResumeWithSpace(*db));
//
// After a write for which there was no space RocksDB can be resumed; but an
// attempt that again finds no space for its log makes the error one that only
// opening anew ends. Its own attempts begin at once, on the disk that has just
// been found full: they are turned off, and ours first makes sure of space.
//
// Threads: any; one ResumeWithSpace at a time.
#pragma once

#include <memory>

#include "base/status.h"

namespace rocksdb {
class DB;
class EventListener;
}  // namespace rocksdb

namespace elanus::storage {

std::shared_ptr<rocksdb::EventListener> NoAutomaticRecovery();

// Retriable (kDiskLimitExceeded) while the disk is full; then nothing was
// tried.
absl::Status ResumeWithSpace(rocksdb::DB& db);

}  // namespace elanus::storage

// The three storage services of a standalone server, all in one data folder:
//
//   <data>/LOCK         held by the process that has it open
//   <data>/cluster_id   whose data these are
//   <data>/meta/        RocksDB
//   <data>/log/         the log
//   <data>/objects/     segment, index and delete files
//
// Threads:   as the services.
// Ownership: owns them; budget and metrics outlive them.
// Errors:    the folder belongs to another process (its pid is named); damage.
#pragma once

#include <memory>
#include <string>

#include "base/memory_budget.h"
#include "base/metrics.h"
#include "base/status.h"
#include "storage/local/folder_lock.h"
#include "storage/log_broker.h"
#include "storage/meta_store.h"
#include "storage/object_store.h"

namespace elanus::server {

struct StorageSet {
  // Declared first: released last.
  storage::FolderLock lock;
  std::string cluster_id;
  std::unique_ptr<storage::MetaStore> meta;
  std::unique_ptr<storage::LogBroker> log;
  std::unique_ptr<storage::ObjectStore> objects;
};

// Makes the folder if it is missing.
absl::StatusOr<StorageSet> OpenStorage(const std::string& data_dir,
                                       base::MemoryBudget& budget,
                                       base::Metrics& metrics);

}  // namespace elanus::server

// What the roles of one process run on: its data folder, memory, threads and
// timer, and the links between the roles.
//
//   ASSIGN_OR_RETURN(auto host, Host::Open(config));
//   RoleSet roles(host->services(), [&](const Roles& direct) {
//     return host->Connect(direct);
//   });
//   ...
//   host->StopThreads();
//   host->CloseStorage();
//
// Threads:   Open and the stops from one thread.
// Ownership: owns everything; `config` outlives it.
// Errors:    those of storage (a folder in use, damage), of the wire.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/config.h"
#include "base/executor.h"
#include "base/memory_budget.h"
#include "base/metrics.h"
#include "base/status.h"
#include "base/timer.h"
#include "coordinator/collection_saver.h"
#include "server/role_links.h"
#include "server/role_set.h"
#include "server/storage_set.h"
#include "storage/meta_copy.h"

namespace elanus::server {

class Host {
 public:
  static absl::StatusOr<std::unique_ptr<Host>> Open(const base::Config& config);

  RoleServices services();
  // How the roles call each other, as the configuration says.
  absl::StatusOr<Roles> Connect(const Roles& direct);

  // After the roles have stopped.
  void StopThreads();
  // Keeps a copy of the metadata.
  absl::Status SaveMeta() { return meta_copier_.Save(); }
  // Appends under way are answered now, while those who asked still live.
  void CloseStorage() { storage_.log.reset(); }

  const base::Config& config() const { return config_; }
  const std::string& cluster_id() const { return storage_.cluster_id; }
  base::Metrics& metrics() { return *metrics_; }
  base::Executor& requests() { return requests_; }

 private:
  Host(const base::Config& config, std::unique_ptr<base::MemoryBudget> budget,
       std::unique_ptr<base::Metrics> metrics, StorageSet storage);

  const base::Config& config_;
  // Both outlive the storage.
  const std::unique_ptr<base::MemoryBudget> budget_;
  const std::unique_ptr<base::Metrics> metrics_;
  StorageSet storage_;
  coordinator::CollectionSaver collection_files_;
  storage::MetaCopier meta_copier_;
  base::ReadTraffic read_traffic_;
  base::ThreadPool requests_;
  base::ThreadPool background_;
  base::ThreadPool builds_;
  base::ThreadTimer timer_;
  std::optional<WireRoles> wire_;
};

}  // namespace elanus::server

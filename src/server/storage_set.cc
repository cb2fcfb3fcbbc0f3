#include "server/storage_set.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "storage/embedded/embedded_log.h"
#include "storage/embedded/posix_log_folder.h"
#include "storage/embedded/rocks_meta_store.h"
#include "storage/local/local_object_store.h"
#include "storage/meta_copy.h"

namespace elanus::server {
namespace {

// Records that followers have not fetched yet are read from the files.
std::uint64_t RecentBytes(const base::MemoryBudget& budget) {
  constexpr std::int64_t kMost = std::int64_t{64} << 20;
  return static_cast<std::uint64_t>(std::min(kMost, budget.limit() / 16));
}

// An empty meta store beside files would take them all for garbage.
absl::Status RefuseLoss(const std::string& data_dir, storage::MetaStore& meta,
                        storage::ObjectStore& objects) {
  ASSIGN_OR_RETURN(const storage::MetaPage any, meta.Range("", {.limit = 1}));
  if (!any.entries.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const storage::ObjectPage files, objects.List("", "", 1));
  if (files.objects.empty()) return absl::OkStatus();
  return base::DataLoss(
      "the metadata in {}/meta are lost, {}/objects is not: `elanus recover "
      "--data {}` brings them back",
      data_dir, data_dir, data_dir);
}

absl::StatusOr<std::unique_ptr<storage::MetaStore>> OpenMeta(
    const std::string& data_dir, storage::ObjectStore& objects) {
  absl::StatusOr<std::unique_ptr<storage::RocksMetaStore>> meta =
      storage::RocksMetaStore::Open({.path = data_dir + "/meta"});
  if (!meta.ok()) {
    return base::Annotate(
        meta.status(),
        "the metadata cannot be opened; `elanus check` tells more, `elanus "
        "recover --data {}` goes back to the last copy",
        data_dir);
  }
  RETURN_IF_ERROR(RefuseLoss(data_dir, **meta, objects));
  return *std::move(meta);
}

}  // namespace

absl::StatusOr<StorageSet> OpenStorage(const std::string& data_dir,
                                       base::MemoryBudget& budget,
                                       base::Metrics& metrics) {
  std::error_code error;
  std::filesystem::create_directories(data_dir, error);
  if (error) {
    return base::Error(base::ErrorCode::kIoFailed,
                       "the data folder {} cannot be made: {}", data_dir,
                       error.message());
  }
  ASSIGN_OR_RETURN(storage::FolderLock lock,
                   storage::FolderLock::Acquire(data_dir));
  ASSIGN_OR_RETURN(std::string cluster_id,
                   storage::ReadOrCreateClusterId(data_dir));
  ASSIGN_OR_RETURN(
      std::unique_ptr<storage::ObjectStore> objects,
      storage::LocalObjectStore::Open({.root = data_dir + "/objects"}));
  ASSIGN_OR_RETURN(std::unique_ptr<storage::MetaStore> meta,
                   OpenMeta(data_dir, *objects));
  ASSIGN_OR_RETURN(std::unique_ptr<storage::LogFolder> folder,
                   storage::OpenPosixLogFolder(data_dir + "/log"));
  ASSIGN_OR_RETURN(std::unique_ptr<storage::LogBroker> log,
                   storage::EmbeddedLog::Open(
                       std::move(folder),
                       {.recent_bytes = RecentBytes(budget),
                        .budget = &budget,
                        .retries = {.enabled = true,
                                    .failed_reads = &metrics.AddCounter(
                                        "elanus_log_failed_reads_total",
                                        "Reads of the log that failed and were "
                                        "tried again")}}));
  return StorageSet{.lock = std::move(lock),
                    .cluster_id = std::move(cluster_id),
                    .meta = std::move(meta),
                    .log = std::move(log),
                    .objects = std::move(objects)};
}

}  // namespace elanus::server

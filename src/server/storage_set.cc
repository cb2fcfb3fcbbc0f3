#include "server/storage_set.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "storage/embedded/embedded_log.h"
#include "storage/embedded/posix_log_folder.h"
#include "storage/embedded/rocks_meta_store.h"
#include "storage/local/local_object_store.h"

namespace elanus::server {

absl::StatusOr<StorageSet> OpenStorage(const std::string& data_dir) {
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
  ASSIGN_OR_RETURN(std::unique_ptr<storage::MetaStore> meta,
                   storage::RocksMetaStore::Open({.path = data_dir + "/meta"}));
  ASSIGN_OR_RETURN(std::unique_ptr<storage::LogFolder> folder,
                   storage::OpenPosixLogFolder(data_dir + "/log"));
  ASSIGN_OR_RETURN(std::unique_ptr<storage::LogBroker> log,
                   storage::EmbeddedLog::Open(std::move(folder), {}));
  ASSIGN_OR_RETURN(
      std::unique_ptr<storage::ObjectStore> objects,
      storage::LocalObjectStore::Open({.root = data_dir + "/objects"}));
  return StorageSet{.lock = std::move(lock),
                    .cluster_id = std::move(cluster_id),
                    .meta = std::move(meta),
                    .log = std::move(log),
                    .objects = std::move(objects)};
}

}  // namespace elanus::server

#include "server/recover.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/numbers.h"
#include "base/hybrid_time.h"
#include "coordinator/meta_records.h"
#include "server/log_drops.h"
#include "server/rebuild.h"
#include "storage/embedded/embedded_log.h"
#include "storage/embedded/posix_log_folder.h"
#include "storage/embedded/rocks_meta_store.h"
#include "storage/errors.h"
#include "storage/local/folder_lock.h"
#include "storage/local/local_object_store.h"
#include "storage/meta_copy.h"

namespace elanus::server {
namespace {

// More than a run can have handed out between two copies: ids, writer ids and
// attempts must not come twice.
constexpr std::uint64_t kIdsSkipped = std::uint64_t{1} << 32;

absl::Status Raise(storage::MetaEntry& entry, std::uint64_t least,
                   std::uint64_t more) {
  std::uint64_t value = 0;
  if (!absl::SimpleAtoi(entry.value, &value)) {
    return base::DataLoss("the record {} is no number", entry.key);
  }
  entry.value = std::to_string(std::max(value + more, least));
  return absl::OkStatus();
}

// What the metadata were.
struct Known {
  storage::MetaCopy copy;
  bool is_rebuilt = false;
};

absl::StatusOr<Known> ReadKnown(storage::ObjectStore& objects) {
  absl::StatusOr<storage::MetaCopy> copy = storage::ReadNewestCopy(objects);
  if (copy.ok() && copy->damaged.empty()) {
    return Known{.copy = *std::move(copy)};
  }
  // An older copy than the newest names neither the files nor the log that
  // there are since: the collection files are as new as the damaged one.
  absl::StatusOr<RebuiltMeta> rebuilt = RebuildMeta(objects);
  if (!rebuilt.ok() && copy.ok()) return Known{.copy = *std::move(copy)};
  if (!rebuilt.ok() && storage::IsObjectNotFound(rebuilt.status())) {
    return copy.status();
  }
  if (!rebuilt.ok()) return rebuilt.status();
  Known known{.is_rebuilt = true};
  known.copy.name = fmt::format("{} collection files", rebuilt->files);
  known.copy.entries = std::move(rebuilt->entries);
  known.copy.damaged = std::move(rebuilt->damaged);
  if (copy.ok()) {
    known.copy.damaged.insert(known.copy.damaged.end(), copy->damaged.begin(),
                              copy->damaged.end());
  } else if (!storage::IsObjectNotFound(copy.status())) {
    known.copy.damaged.emplace_back(base::MessageOf(copy.status()));
  }
  return known;
}

absl::Status GoOnWithDrops(const std::string& data_dir,
                           std::vector<storage::MetaEntry>& entries) {
  ASSIGN_OR_RETURN(std::unique_ptr<storage::LogFolder> folder,
                   storage::OpenPosixLogFolder(data_dir + "/log"));
  ASSIGN_OR_RETURN(const std::unique_ptr<storage::LogBroker> log,
                   storage::EmbeddedLog::Open(std::move(folder), {}));
  ASSIGN_OR_RETURN(const LogDrops drops, FindDrops(*log, entries));
  return ApplyDrops(drops, entries);
}

absl::Status RaiseBounds(storage::MetaCopy& copy, const base::Clock& clock) {
  for (storage::MetaEntry& entry : copy.entries) {
    if (entry.key == coordinator::keys::kIdBound) {
      RETURN_IF_ERROR(Raise(entry, 0, kIdsSkipped));
    } else if (entry.key == coordinator::keys::kTimeBound) {
      const auto now = base::Timestamp::FromMs(clock.WallMs());
      RETURN_IF_ERROR(Raise(entry, now.value, 0));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> PutAside(const std::string& meta,
                                     const base::Clock& clock) {
  std::error_code error;
  if (!std::filesystem::exists(meta, error)) return std::string();
  std::string aside = fmt::format("{}.before-{}", meta, clock.WallMs());
  std::filesystem::rename(meta, aside, error);
  if (error) {
    return base::Error(base::ErrorCode::kIoFailed, "{} cannot be renamed: {}",
                       meta, error.message());
  }
  return aside;
}

}  // namespace

absl::StatusOr<Recovery> RecoverMeta(const std::string& data_dir,
                                     const base::Clock& clock) {
  ASSIGN_OR_RETURN(const storage::FolderLock lock,
                   storage::FolderLock::Acquire(data_dir));
  ASSIGN_OR_RETURN(
      const std::unique_ptr<storage::ObjectStore> objects,
      storage::LocalObjectStore::Open({.root = data_dir + "/objects"}));
  ASSIGN_OR_RETURN(Known known, ReadKnown(*objects));
  storage::MetaCopy& copy = known.copy;
  RETURN_IF_ERROR(RaiseBounds(copy, clock));
  RETURN_IF_ERROR(GoOnWithDrops(data_dir, copy.entries));
  // Made under another name first: a crash leaves what was there.
  const std::string meta = data_dir + "/meta";
  const std::string made = meta + ".recovering";
  std::error_code error;
  std::filesystem::remove_all(made, error);
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<storage::MetaStore> store,
                     storage::RocksMetaStore::Open({.path = made}));
    RETURN_IF_ERROR(storage::FillMetaStore(copy, *store));
    if (known.is_rebuilt) {
      RETURN_IF_ERROR(storage::MetaCopier(*store, *objects).Save());
    }
  }
  Recovery recovery{.source = copy.name,
                    .records = copy.entries.size(),
                    .damaged = std::move(copy.damaged)};
  ASSIGN_OR_RETURN(recovery.put_aside, PutAside(meta, clock));
  std::filesystem::rename(made, meta, error);
  if (error) {
    return base::Error(base::ErrorCode::kIoFailed, "{} cannot be renamed: {}",
                       made, error.message());
  }
  return recovery;
}

}  // namespace elanus::server

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
#include "storage/embedded/rocks_meta_store.h"
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
    return base::DataLoss("the copy's record {} is no number", entry.key);
  }
  entry.value = std::to_string(std::max(value + more, least));
  return absl::OkStatus();
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
  ASSIGN_OR_RETURN(storage::MetaCopy copy, storage::ReadNewestCopy(*objects));
  RETURN_IF_ERROR(RaiseBounds(copy, clock));
  // Made under another name first: a crash leaves what was there.
  const std::string meta = data_dir + "/meta";
  const std::string made = meta + ".recovering";
  std::error_code error;
  std::filesystem::remove_all(made, error);
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<storage::MetaStore> store,
                     storage::RocksMetaStore::Open({.path = made}));
    RETURN_IF_ERROR(storage::FillMetaStore(copy, *store));
  }
  Recovery recovery{.copy = copy.name,
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

// ObjectStore in a folder: the object a/b/c is the file <root>/a/b/c.
//
//   ASSIGN_OR_RETURN(auto store, LocalObjectStore::Open({.root = data +
//   "/objects"}));
//
// An object is written under <root>/.elanus-tmp, synced, and renamed to its
// name only if nothing lies there; then the folders on the way are synced. What
// a dead process left unfinished is removed at Open. Empty folders go with
// their last object.
//
// Names are resolved from the root's descriptor, component by component is
// checked, and no symbolic link is followed anywhere beneath the root.
//
// Threads: as ObjectStore. One process at a time (FolderLock).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "base/mutex.h"
#include "storage/local/file_io.h"
#include "storage/local/folder_chain.h"
#include "storage/object_store.h"

namespace elanus::storage {

struct LocalObjectStoreOptions {
  std::string root;  // made if missing; its parent must exist
  // Besides a process that writes: nothing is made or cleared away. For Get,
  // Map, Head and List only.
  bool read_only = false;
};

class LocalObjectStore final : public ObjectStore {
 public:
  static absl::StatusOr<std::unique_ptr<LocalObjectStore>> Open(
      const LocalObjectStoreOptions& options);

  using ObjectStore::Put;
  absl::Status Put(std::string_view name,
                   std::span<const std::byte> bytes) override;
  absl::StatusOr<base::Buffer> Get(std::string_view name) override;
  absl::StatusOr<base::Buffer> Get(std::string_view name, std::uint64_t offset,
                                   std::uint64_t length) override;
  absl::StatusOr<base::Buffer> Map(std::string_view name) override;
  absl::StatusOr<std::uint64_t> Head(std::string_view name) override;
  absl::StatusOr<ObjectPage> List(std::string_view prefix,
                                  std::string_view start_after,
                                  std::size_t limit) override;
  absl::Status Delete(std::string_view name) override;
  absl::StatusOr<std::unique_ptr<Upload>> StartUpload(
      std::string_view name) override;
  absl::Status FinishAll(
      std::span<const std::unique_ptr<Upload>> uploads) override;

 private:
  class FileUpload;

  LocalObjectStore(std::string root, FileHandle root_folder)
      : root_(std::move(root)), root_folder_(std::move(root_folder)) {}

  absl::Status ClearTemporary();
  std::string NewTemporary();

  // The object's file, and its size.
  absl::StatusOr<std::pair<FileHandle, std::uint64_t>> OpenObject(
      std::string_view name);

  // Gives the synced file `temporary` its name: durably, or the next object of
  // the same folder that is published durably makes it so.
  enum class Naming { kDurable, kWithTheNext };
  absl::Status Publish(const std::string& temporary, std::string_view name,
                       Naming naming);
  // Makes the object's entry and those of its folders durable. removals: as
  // they were before the chain was opened.
  absl::Status SyncChain(const FolderChain& chain, std::uint64_t removals);
  std::uint64_t removals();
  // Before an object is deleted: its folders may go with it.
  void ForgetFolders(const FolderChain& chain);

  const std::string root_;
  const FileHandle root_folder_;
  std::atomic<std::uint64_t> next_temporary_ = 0;

  base::Mutex mutex_;
  // Folders whose own entry is durable.
  absl::flat_hash_set<std::string> durable_ ABSL_GUARDED_BY(mutex_);
  // Rises before every deletion. Whoever finds it changed since it opened its
  // folders cannot rely on durable_: one may have been removed and made again.
  std::uint64_t removals_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace elanus::storage

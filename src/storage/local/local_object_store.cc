#include "storage/local/local_object_store.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/log.h"
#include "storage/errors.h"
#include "storage/local/object_lister.h"

namespace elanus::storage {
namespace {

using base::ErrorCode;

constexpr std::string_view kTemporaryFolder = ".elanus-tmp";
// A file of this size and more is sent to the disk while it grows.
constexpr std::uint64_t kSendBytes = std::uint64_t{8} << 20;
// A folder can be removed as empty between its opening and the renaming.
constexpr int kMaxAttempts = 100;

// renameat2 that never replaces, by way of a hard link where the file system
// cannot do it.
int RenameNoReplace(const std::string& from, int folder,
                    const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), folder, to.c_str(),
                  RENAME_NOREPLACE) == 0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (::linkat(AT_FDCWD, from.c_str(), folder, to.c_str(), 0) != 0) {
    return errno;
  }
  return ::unlink(from.c_str()) == 0 ? 0 : errno;
}

}  // namespace

class LocalObjectStore::FileUpload final : public Upload {
 public:
  FileUpload(LocalObjectStore& store, std::string name, std::string path,
             FileHandle file)
      : store_(store),
        name_(std::move(name)),
        path_(std::move(path)),
        file_(std::move(file)) {}

  ~FileUpload() override {
    if (!published_) ::unlink(path_.c_str());
  }

  absl::Status Append(std::span<const std::byte> bytes) override {
    RETURN_IF_ERROR(CheckUsable());
    usable_ = false;
    RETURN_IF_ERROR(WriteAt(file_, size_, bytes, path_));
    usable_ = true;
    size_ += bytes.size();
    if (size_ - sent_ >= kSendBytes) SendToDisk();
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    RETURN_IF_ERROR(Sync());
    return Publish(Naming::kDurable);
  }

  // Finish in two steps.
  absl::Status Sync() {
    RETURN_IF_ERROR(CheckUsable());
    usable_ = false;
    return SyncFile(file_, path_);
  }
  absl::Status Publish(Naming naming) {
    RETURN_IF_ERROR(store_.Publish(path_, name_, naming));
    published_ = true;
    return absl::OkStatus();
  }

  std::string folder() const { return ParentOf(name_); }

 private:
  // Lets the disk begin while more is being made; Finish waits for the rest. An
  // error that it meets is told by the sync.
  void SendToDisk() {
    ::sync_file_range(file_.fd(), static_cast<off_t>(sent_),
                      static_cast<off_t>(size_ - sent_), SYNC_FILE_RANGE_WRITE);
    sent_ = size_;
  }

  absl::Status CheckUsable() const {
    if (usable_) return absl::OkStatus();
    return base::Error(ErrorCode::kIoFailed,
                       "the upload of {} has failed or is finished", name_);
  }

  LocalObjectStore& store_;
  const std::string name_;
  const std::string path_;  // of the temporary file
  const FileHandle file_;
  std::uint64_t size_ = 0;
  std::uint64_t sent_ = 0;
  bool usable_ = true;
  bool published_ = false;
};

absl::StatusOr<std::unique_ptr<LocalObjectStore>> LocalObjectStore::Open(
    const LocalObjectStoreOptions& options) {
  if (!options.read_only) RETURN_IF_ERROR(MakeFolder(options.root));
  ASSIGN_OR_RETURN(FileHandle root,
                   OpenFile(options.root, O_RDONLY | O_DIRECTORY));
  std::unique_ptr<LocalObjectStore> store(
      new LocalObjectStore(options.root, std::move(root)));
  if (!options.read_only) RETURN_IF_ERROR(store->ClearTemporary());
  return store;
}

absl::Status LocalObjectStore::ClearTemporary() {
  const std::string path = fmt::format("{}/{}", root_, kTemporaryFolder);
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return FromErrno(error.value(), "clear", path);
  return MakeFolder(path);
}

std::string LocalObjectStore::NewTemporary() {
  return fmt::format("{}/{}/{}", root_, kTemporaryFolder, ++next_temporary_);
}

absl::StatusOr<std::unique_ptr<Upload>> LocalObjectStore::StartUpload(
    std::string_view name) {
  RETURN_IF_ERROR(CheckObjectName(name));
  std::string path = NewTemporary();
  ASSIGN_OR_RETURN(FileHandle file,
                   OpenFile(path, O_WRONLY | O_CREAT | O_EXCL));
  return std::make_unique<FileUpload>(*this, std::string(name), std::move(path),
                                      std::move(file));
}

absl::Status LocalObjectStore::FinishAll(
    std::span<const std::unique_ptr<Upload>> uploads) {
  std::vector<FileUpload*> files;
  for (const std::unique_ptr<Upload>& upload : uploads) {
    files.push_back(static_cast<FileUpload*>(upload.get()));
  }
  for (FileUpload* file : files) RETURN_IF_ERROR(file->Sync());
  for (std::size_t i = 0; i < files.size(); ++i) {
    const bool has_next =
        i + 1 < files.size() && files[i]->folder() == files[i + 1]->folder();
    RETURN_IF_ERROR(
        files[i]->Publish(has_next ? Naming::kWithTheNext : Naming::kDurable));
  }
  return absl::OkStatus();
}

absl::Status LocalObjectStore::Put(std::string_view name,
                                   std::span<const std::byte> bytes) {
  ASSIGN_OR_RETURN(const auto upload, StartUpload(name));
  RETURN_IF_ERROR(upload->Append(bytes));
  return upload->Finish();
}

std::uint64_t LocalObjectStore::removals() {
  base::MutexLock lock(mutex_);
  return removals_;
}

absl::Status LocalObjectStore::Publish(const std::string& temporary,
                                       std::string_view name, Naming naming) {
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const std::uint64_t before = removals();
    ASSIGN_OR_RETURN(const FolderChain chain,
                     OpenFolderChain(root_folder_, name, /*create=*/true));
    const int error =
        RenameNoReplace(temporary, chain.fd(root_folder_), chain.leaf);
    if (error == 0) {
      if (naming == Naming::kWithTheNext) return absl::OkStatus();
      const absl::Status synced = SyncChain(chain, before);
      if (synced.ok()) return synced;
      return OutcomeUnknown(std::string(base::MessageOf(synced)));
    }
    if (error == EEXIST) return ObjectExists(name);
    if (error != ENOENT) return FromErrno(error, "name object", name);
  }
  return base::Error(ErrorCode::kIoFailed,
                     "the folder of {} was removed {} times", name,
                     kMaxAttempts);
}

absl::Status LocalObjectStore::SyncChain(const FolderChain& chain,
                                         std::uint64_t removals) {
  // A folder holds the entry of the next one; the innermost that of the object.
  std::vector<bool> is_durable(chain.folders.size(), false);
  {
    base::MutexLock lock(mutex_);
    for (std::size_t i = 0; i < chain.folders.size(); ++i) {
      const FolderChain::Folder& folder = chain.folders[i];
      is_durable[i] = removals == removals_ && !folder.is_new &&
                      durable_.contains(folder.name);
    }
  }
  for (std::size_t i = 0; i <= chain.folders.size(); ++i) {
    const bool holds_object = i == chain.folders.size();
    if (!holds_object && is_durable[i]) continue;
    const int fd =
        i == 0 ? root_folder_.fd() : chain.folders[i - 1].handle.fd();
    if (::fsync(fd) != 0) {
      return FromErrno(errno, "sync folder of", chain.leaf);
    }
  }
  base::MutexLock lock(mutex_);
  if (removals == removals_) {
    for (const auto& folder : chain.folders) durable_.insert(folder.name);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::pair<FileHandle, std::uint64_t>>
LocalObjectStore::OpenObject(std::string_view name) {
  RETURN_IF_ERROR(CheckObjectName(name));
  ASSIGN_OR_RETURN(const FolderChain chain,
                   OpenFolderChain(root_folder_, name, /*create=*/false));
  FileHandle file(::openat(chain.fd(root_folder_), chain.leaf.c_str(),
                           O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) {
    if (errno == ENOENT) return ObjectNotFound(name);
    return FromErrno(errno, "open object", name);
  }
  struct stat info;
  if (::fstat(file.fd(), &info) != 0) return FromErrno(errno, "stat", name);
  if (!S_ISREG(info.st_mode)) return ObjectNotFound(name);
  return std::pair(std::move(file), static_cast<std::uint64_t>(info.st_size));
}

absl::StatusOr<base::Buffer> LocalObjectStore::Get(std::string_view name) {
  ASSIGN_OR_RETURN(const auto object, OpenObject(name));
  base::AlignedBytes bytes(object.second);
  RETURN_IF_ERROR(ReadAt(object.first, 0, bytes.bytes(), name));
  return std::move(bytes).Freeze();
}

absl::StatusOr<base::Buffer> LocalObjectStore::Get(std::string_view name,
                                                   std::uint64_t offset,
                                                   std::uint64_t length) {
  ASSIGN_OR_RETURN(const auto object, OpenObject(name));
  if (offset > object.second || length > object.second - offset) {
    return base::Error(
        ErrorCode::kIoUnexpectedEof,
        "{} bytes at offset {} of object {} were asked for, it has {}", length,
        offset, name, object.second);
  }
  base::AlignedBytes bytes(length);
  RETURN_IF_ERROR(ReadAt(object.first, offset, bytes.bytes(), name));
  return std::move(bytes).Freeze();
}

absl::StatusOr<base::Buffer> LocalObjectStore::Map(std::string_view name) {
  ASSIGN_OR_RETURN(const auto object, OpenObject(name));
  const std::size_t size = object.second;
  if (size == 0) return base::Buffer();
  void* memory =
      ::mmap(nullptr, size, PROT_READ, MAP_SHARED, object.first.fd(), 0);
  if (memory == MAP_FAILED) return FromErrno(errno, "map object", name);
  std::shared_ptr<const void> owner(
      memory, [size](void* mapped) { ::munmap(mapped, size); });
  return base::Buffer(std::move(owner),
                      {static_cast<const std::byte*>(memory), size});
}

absl::StatusOr<std::uint64_t> LocalObjectStore::Head(std::string_view name) {
  ASSIGN_OR_RETURN(const auto object, OpenObject(name));
  return object.second;
}

absl::StatusOr<ObjectPage> LocalObjectStore::List(std::string_view prefix,
                                                  std::string_view start_after,
                                                  std::size_t limit) {
  return ListObjects(root_folder_, {.prefix = prefix,
                                    .start_after = start_after,
                                    .limit = std::max<std::size_t>(limit, 1)});
}

void LocalObjectStore::ForgetFolders(const FolderChain& chain) {
  base::MutexLock lock(mutex_);
  ++removals_;
  for (const auto& folder : chain.folders) durable_.erase(folder.name);
}

absl::Status LocalObjectStore::Delete(std::string_view name) {
  RETURN_IF_ERROR(CheckObjectName(name));
  auto chain = OpenFolderChain(root_folder_, name, /*create=*/false);
  if (!chain.ok()) {
    return IsObjectNotFound(chain.status()) ? absl::OkStatus() : chain.status();
  }
  ForgetFolders(*chain);
  if (::unlinkat(chain->fd(root_folder_), chain->leaf.c_str(), 0) != 0) {
    // A folder of that name is no object.
    if (errno == ENOENT || errno == EISDIR) return absl::OkStatus();
    return FromErrno(errno, "delete object", name);
  }
  // The folders go as far as they are empty; the innermost first.
  while (!chain->folders.empty()) {
    const std::string folder = std::move(chain->folders.back().name);
    chain->folders.pop_back();
    const std::string leaf = folder.substr(folder.find_last_of('/') + 1);
    if (::unlinkat(chain->fd(root_folder_), leaf.c_str(), AT_REMOVEDIR) != 0) {
      break;
    }
  }
  return absl::OkStatus();
}

}  // namespace elanus::storage

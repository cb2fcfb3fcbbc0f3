#include "storage/embedded/posix_log_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <utility>

#include "storage/errors.h"
#include "storage/local/file_io.h"

namespace elanus::storage {
namespace {

class PosixLogFile final : public LogFile {
 public:
  PosixLogFile(std::string path, FileHandle file, std::uint64_t size)
      : path_(std::move(path)), file_(std::move(file)), size_(size) {}

  absl::Status Append(
      std::span<const std::span<const std::byte>> parts) override {
    std::uint64_t added = 0;
    for (const auto part : parts) added += part.size();
    RETURN_IF_ERROR(WritePartsAt(file_, size_, parts, path_));
    size_ += added;
    return absl::OkStatus();
  }

  absl::Status Sync() override { return SyncFile(file_, path_); }

  absl::Status Read(std::uint64_t offset,
                    std::span<std::byte> out) const override {
    return ReadAt(file_, offset, out, path_);
  }

  absl::Status Truncate(std::uint64_t size) override {
    if (::ftruncate(file_.fd(), static_cast<off_t>(size)) != 0) {
      return FromErrno(errno, "truncate", path_);
    }
    size_ = size;
    return absl::OkStatus();
  }

  std::uint64_t size() const override { return size_; }

 private:
  const std::string path_;
  const FileHandle file_;
  std::atomic<std::uint64_t> size_;
};

class PosixLogFolder final : public LogFolder {
 public:
  explicit PosixLogFolder(std::string path) : path_(std::move(path)) {}

  absl::StatusOr<std::unique_ptr<LogFile>> Create(
      std::string_view name) override {
    const std::string path = PathOf(name);
    ASSIGN_OR_RETURN(FileHandle file,
                     OpenFile(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW));
    RETURN_IF_ERROR(SyncFolder(path_));
    return std::make_unique<PosixLogFile>(path, std::move(file), 0);
  }

  absl::StatusOr<std::unique_ptr<LogFile>> Open(
      std::string_view name) override {
    const std::string path = PathOf(name);
    ASSIGN_OR_RETURN(FileHandle file, OpenFile(path, O_RDWR | O_NOFOLLOW));
    ASSIGN_OR_RETURN(const std::uint64_t size, SizeOf(file, path));
    return std::make_unique<PosixLogFile>(path, std::move(file), size);
  }

  absl::Status Remove(std::string_view name) override {
    const std::string path = PathOf(name);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
      return FromErrno(errno, "remove", path);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> List() override {
    DIR* folder = ::opendir(path_.c_str());
    if (folder == nullptr) return FromErrno(errno, "list", path_);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(folder)) {
      if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    }
    const int error = errno;
    ::closedir(folder);
    if (error != 0) return FromErrno(error, "list", path_);
    return names;
  }

  absl::Status Replace(std::string_view name, std::string_view bytes) override {
    return ReplaceFile(PathOf(name), bytes);
  }

  std::string PathOf(std::string_view name) const override {
    return fmt::format("{}/{}", path_, name);
  }

 private:
  const std::string path_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<LogFolder>> OpenPosixLogFolder(
    const std::string& path) {
  RETURN_IF_ERROR(MakeFolder(path));
  // What is built upon must last: a process may have died between a change of
  // the folder, a new table above all, and its sync.
  RETURN_IF_ERROR(SyncFolder(path));
  return std::make_unique<PosixLogFolder>(path);
}

}  // namespace elanus::storage

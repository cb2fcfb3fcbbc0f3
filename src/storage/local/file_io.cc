#include "storage/local/file_io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include "storage/errors.h"

namespace elanus::storage {
namespace {

// What one pwritev takes; the kernel's limit.
constexpr std::size_t kMaxParts = IOV_MAX;

}  // namespace

FileHandle::~FileHandle() {
  if (fd_ >= 0) ::close(fd_);
}

absl::StatusOr<FileHandle> OpenFile(const std::string& path, int flags) {
  int fd;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return FromErrno(errno, "open", path);
  return FileHandle(fd);
}

absl::Status WriteAt(const FileHandle& file, std::uint64_t offset,
                     std::span<const std::byte> bytes, std::string_view path) {
  return WritePartsAt(file, offset, std::span(&bytes, 1), path);
}

absl::Status WritePartsAt(const FileHandle& file, std::uint64_t offset,
                          std::span<const std::span<const std::byte>> parts,
                          std::string_view path) {
  std::size_t skip = 0;  // bytes of the first part that are written
  while (!parts.empty()) {
    std::array<iovec, kMaxParts> vector;
    std::size_t count = 0;
    for (const auto part : parts.first(std::min(parts.size(), kMaxParts))) {
      const auto rest = part.subspan(count == 0 ? skip : 0);
      vector[count++] = {const_cast<std::byte*>(rest.data()), rest.size()};
    }
    const ssize_t written =
        ::pwritev(file.fd(), vector.data(), static_cast<int>(count),
                  static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR) continue;
      return FromErrno(errno, "write", path);
    }
    auto left = static_cast<std::size_t>(written);
    offset += left;
    left += skip;
    while (!parts.empty() && left >= parts.front().size()) {
      left -= parts.front().size();
      parts = parts.subspan(1);
    }
    skip = left;
  }
  return absl::OkStatus();
}

absl::Status ReadAt(const FileHandle& file, std::uint64_t offset,
                    std::span<std::byte> out, std::string_view path) {
  while (!out.empty()) {
    const ssize_t got =
        ::pread(file.fd(), out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0) {
      if (errno == EINTR) continue;
      return FromErrno(errno, "read", path);
    }
    if (got == 0) {
      return base::Error(base::ErrorCode::kIoUnexpectedEof,
                         "{} ends at offset {}, {} more bytes were expected",
                         path, offset, out.size());
    }
    offset += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::uint64_t> SizeOf(const FileHandle& file,
                                     std::string_view path) {
  struct stat info;
  if (::fstat(file.fd(), &info) != 0) return FromErrno(errno, "stat", path);
  return static_cast<std::uint64_t>(info.st_size);
}

absl::Status SyncFile(const FileHandle& file, std::string_view path) {
  if (::fdatasync(file.fd()) != 0) return FromErrno(errno, "sync", path);
  return absl::OkStatus();
}

absl::Status SyncFolder(const std::string& path) {
  ASSIGN_OR_RETURN(const FileHandle folder,
                   OpenFile(path, O_RDONLY | O_DIRECTORY));
  if (::fsync(folder.fd()) != 0) return FromErrno(errno, "sync", path);
  return absl::OkStatus();
}

absl::Status ReplaceFile(const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".tmp";
  ASSIGN_OR_RETURN(const FileHandle file,
                   OpenFile(temporary, O_WRONLY | O_CREAT | O_TRUNC));
  RETURN_IF_ERROR(WriteAt(file, 0,
                          std::as_bytes(std::span(bytes.data(), bytes.size())),
                          temporary));
  RETURN_IF_ERROR(SyncFile(file, temporary));
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return FromErrno(errno, "rename", temporary);
  }
  return SyncFolder(ParentOf(path));
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  ASSIGN_OR_RETURN(const FileHandle file, OpenFile(path, O_RDONLY));
  ASSIGN_OR_RETURN(const std::uint64_t size, SizeOf(file, path));
  std::string bytes(size, '\0');
  RETURN_IF_ERROR(ReadAt(
      file, 0, std::as_writable_bytes(std::span(bytes.data(), bytes.size())),
      path));
  return bytes;
}

absl::Status MakeFolder(const std::string& path) {
  const std::string parent = ParentOf(path);
  if (::mkdir(path.c_str(), 0700) != 0) {
    if (errno != EEXIST) return FromErrno(errno, "make folder", path);
    // Who may not even list the parent did not make the folder.
    if (::access(parent.c_str(), R_OK) != 0) return absl::OkStatus();
  }
  // Also of one that is there: who made it may have died before this.
  return SyncFolder(parent);
}

std::string ParentOf(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace elanus::storage

// The few system calls on files that the local backends share, with errors
// that name path and errno.
//
// Threads: any; one FileHandle is written by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "base/status.h"

namespace elanus::storage {

// Owns a file descriptor.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int fd) : fd_(fd) {}
  ~FileHandle();
  FileHandle(FileHandle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileHandle& operator=(FileHandle&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// open(2) with O_CLOEXEC and mode 0600.
absl::StatusOr<FileHandle> OpenFile(const std::string& path, int flags);

// All of `bytes` at `offset`. `path` stands in the errors.
absl::Status WriteAt(const FileHandle& file, std::uint64_t offset,
                     std::span<const std::byte> bytes, std::string_view path);
// The same from several places, in as few calls as possible.
absl::Status WritePartsAt(const FileHandle& file, std::uint64_t offset,
                          std::span<const std::span<const std::byte>> parts,
                          std::string_view path);
// Exactly `out`; kIoUnexpectedEof if the file ends before.
absl::Status ReadAt(const FileHandle& file, std::uint64_t offset,
                    std::span<std::byte> out, std::string_view path);

absl::StatusOr<std::uint64_t> SizeOf(const FileHandle& file,
                                     std::string_view path);
absl::Status SyncFile(const FileHandle& file, std::string_view path);
absl::Status SyncFolder(const std::string& path);

// Makes `path` hold `bytes`, atomically and durably, by way of path + ".tmp".
absl::Status ReplaceFile(const std::string& path, std::string_view bytes);

absl::StatusOr<std::string> ReadWholeFile(const std::string& path);

// OK if it exists. Durable, whoever made it.
absl::Status MakeFolder(const std::string& path);

// "/a/b" of "/a/b/c"; "." of "c".
std::string ParentOf(const std::string& path);

}  // namespace elanus::storage

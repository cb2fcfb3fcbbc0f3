#include "storage/local/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "storage/errors.h"

namespace elanus::storage {
namespace {

constexpr std::size_t kIdDigits = 32;

bool IsClusterId(const std::string& text) {
  return text.size() == kIdDigits &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

absl::StatusOr<std::string> MakeClusterId() {
  std::array<unsigned char, kIdDigits / 2> random;
  if (::getrandom(random.data(), random.size(), 0) !=
      static_cast<ssize_t>(random.size())) {
    return FromErrno(errno, "read", "random bytes");
  }
  std::string id;
  for (const unsigned char byte : random) id += fmt::format("{:02x}", byte);
  return id;
}

}  // namespace

absl::StatusOr<FolderLock> FolderLock::Acquire(const std::string& folder) {
  RETURN_IF_ERROR(MakeFolder(folder));
  const std::string path = folder + "/LOCK";
  ASSIGN_OR_RETURN(FileHandle file, OpenFile(path, O_RDWR | O_CREAT));
  if (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return FromErrno(errno, "lock", path);
    auto holder = ReadWholeFile(path);
    return base::Error(base::ErrorCode::kServiceUnavailable,
                       "data folder {} is in use by process {}", folder,
                       holder.ok() && !holder->empty() ? *holder : "unknown");
  }
  if (::ftruncate(file.fd(), 0) != 0) return FromErrno(errno, "empty", path);
  const std::string pid = std::to_string(::getpid());
  RETURN_IF_ERROR(
      WriteAt(file, 0, std::as_bytes(std::span(pid.data(), pid.size())), path));
  return FolderLock(std::move(file));
}

absl::StatusOr<std::string> ReadOrCreateClusterId(const std::string& folder) {
  const std::string path = folder + "/cluster_id";
  if (::access(path.c_str(), F_OK) == 0) {
    ASSIGN_OR_RETURN(std::string id, ReadWholeFile(path));
    if (!IsClusterId(id)) {
      return base::DataLoss("{} holds no cluster id", path);
    }
    return id;
  }
  if (errno != ENOENT) return FromErrno(errno, "look for", path);
  ASSIGN_OR_RETURN(std::string id, MakeClusterId());
  RETURN_IF_ERROR(ReplaceFile(path, id));
  return id;
}

}  // namespace elanus::storage

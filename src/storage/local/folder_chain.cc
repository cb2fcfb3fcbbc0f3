#include "storage/local/folder_chain.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "storage/errors.h"

namespace elanus::storage {
namespace {

constexpr int kOpenFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
// A folder on the way can be removed as empty by a Delete at any moment.
constexpr int kMaxAttempts = 100;

// 0, or the errno.
int OpenBeneath(int parent, const std::string& component, bool create,
                FolderChain::Folder& folder) {
  if (create) {
    folder.is_new = ::mkdirat(parent, component.c_str(), 0700) == 0;
    if (!folder.is_new && errno != EEXIST) return errno;
  }
  const int fd = ::openat(parent, component.c_str(), kOpenFolder);
  if (fd < 0) return errno;
  folder.handle = FileHandle(fd);
  return 0;
}

// 0, or the errno.
int OpenAll(const FileHandle& root, std::string_view name, bool create,
            FolderChain& chain) {
  std::size_t begin = 0;
  for (std::size_t end = name.find('/'); end != std::string_view::npos;
       begin = end + 1, end = name.find('/', begin)) {
    FolderChain::Folder folder{.name = std::string(name.substr(0, end))};
    const std::string component(name.substr(begin, end - begin));
    const int error = OpenBeneath(chain.fd(root), component, create, folder);
    if (error != 0) return error;
    chain.folders.push_back(std::move(folder));
  }
  chain.leaf = name.substr(begin);
  return 0;
}

}  // namespace

absl::StatusOr<FolderChain> OpenFolderChain(const FileHandle& root,
                                            std::string_view name,
                                            bool create) {
  int error = 0;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    FolderChain chain;
    error = OpenAll(root, name, create, chain);
    if (error == 0) return chain;
    if (!create && (error == ENOENT || error == ENOTDIR)) {
      return ObjectNotFound(name);
    }
    if (error != ENOENT) break;
  }
  return FromErrno(error, "open the folder of", name);
}

}  // namespace elanus::storage

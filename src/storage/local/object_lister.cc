#include "storage/local/object_lister.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/errors.h"

namespace elanus::storage {
namespace {

struct Entry {
  std::string name;  // whole; of a folder with '/' at the end
  bool is_folder = false;
  std::uint64_t size = 0;
};

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using FolderStream = std::unique_ptr<DIR, CloseFolder>;

class Lister {
 public:
  explicit Lister(const ListQuery& query) : query_(query) {}

  // path: "" or "a/b/".
  absl::Status Walk(int parent, const std::string& component,
                    const std::string& path) {
    const int fd = ::openat(parent, component.c_str(),
                            O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
      // Removed since its name was read.
      if (errno == ENOENT) return absl::OkStatus();
      return FromErrno(errno, "open folder", path);
    }
    const FileHandle folder(fd);
    ASSIGN_OR_RETURN(const std::vector<Entry> entries, Read(folder, path));
    for (const Entry& entry : entries) {
      if (page_.more) break;
      if (entry.is_folder) {
        const std::string_view whole = entry.name;
        const std::string name(
            whole.substr(path.size(), whole.size() - path.size() - 1));
        RETURN_IF_ERROR(Walk(fd, name, entry.name));
      } else if (page_.objects.size() == query_.limit) {
        page_.more = true;
      } else {
        page_.objects.push_back({.name = entry.name, .size = entry.size});
      }
    }
    return absl::OkStatus();
  }

  ObjectPage TakePage() { return std::move(page_); }

 private:
  bool IsWanted(const Entry& entry) const {
    const std::string_view name = entry.name;
    if (!entry.is_folder) {
      return name.starts_with(query_.prefix) && name > query_.start_after &&
             CheckObjectName(name).ok();
    }
    const bool overlaps =
        name.starts_with(query_.prefix) || query_.prefix.starts_with(name);
    const bool is_behind =
        name > query_.start_after || query_.start_after.starts_with(name);
    return overlaps && is_behind &&
           CheckObjectName(name.substr(0, name.size() - 1)).ok();
  }

  // The wanted entries of a folder, sorted.
  absl::StatusOr<std::vector<Entry>> Read(const FileHandle& folder,
                                          const std::string& path) const {
    // The stream wants a descriptor of its own.
    const int fd =
        ::openat(folder.fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return FromErrno(errno, "open folder", path);
    const FolderStream stream(::fdopendir(fd));
    if (stream == nullptr) {
      const int error = errno;
      ::close(fd);
      return FromErrno(error, "list", path);
    }
    std::vector<Entry> entries;
    errno = 0;
    while (const dirent* found = ::readdir(stream.get())) {
      const std::string name = found->d_name;
      if (name == "." || name == "..") continue;
      struct stat info;
      if (::fstatat(folder.fd(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) !=
          0) {
        if (errno != ENOENT) return FromErrno(errno, "stat", path + name);
        errno = 0;
        continue;
      }
      Entry entry{.name = path + name};
      entry.is_folder = S_ISDIR(info.st_mode);
      entry.size = static_cast<std::uint64_t>(info.st_size);
      if (entry.is_folder) entry.name += '/';
      const bool is_object = entry.is_folder || S_ISREG(info.st_mode);
      if (is_object && IsWanted(entry)) entries.push_back(std::move(entry));
      errno = 0;
    }
    if (errno != 0) return FromErrno(errno, "list", path);
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.name < b.name; });
    return entries;
  }

  const ListQuery query_;
  ObjectPage page_;
};

}  // namespace

absl::StatusOr<ObjectPage> ListObjects(const FileHandle& root,
                                       const ListQuery& query) {
  Lister lister(query);
  RETURN_IF_ERROR(lister.Walk(root.fd(), ".", ""));
  return lister.TakePage();
}

}  // namespace elanus::storage

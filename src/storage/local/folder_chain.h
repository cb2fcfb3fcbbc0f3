// The folders that lead from a root to an object, as open descriptors: each is
// opened beneath the one before and never through a symbolic link, so that no
// name leads out of the root, and a folder that is removed meanwhile is
// noticed instead of silently being another one.
//
// Threads: plain data.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "storage/local/file_io.h"

namespace elanus::storage {

struct FolderChain {
  struct Folder {
    std::string name;  // relative to the root, "a/b"
    FileHandle handle;
    bool is_new = false;  // made by this call
  };
  std::vector<Folder> folders;  // outermost first; empty: the root itself
  std::string leaf;             // the object's file in the innermost folder

  // Of the innermost folder.
  int fd(const FileHandle& root) const {
    return folders.empty() ? root.fd() : folders.back().handle.fd();
  }
};

// name: of an object, checked. create: makes the folders that are missing;
// otherwise a missing one is IsObjectNotFound.
absl::StatusOr<FolderChain> OpenFolderChain(const FileHandle& root,
                                            std::string_view name, bool create);

}  // namespace elanus::storage

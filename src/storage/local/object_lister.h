// Walks a folder for LocalObjectStore::List, in bytewise order of the whole
// names ("a.b" before "a/b" before "a0").
#pragma once

#include <cstddef>
#include <string_view>

#include "storage/local/file_io.h"
#include "storage/object_store.h"

namespace elanus::storage {

struct ListQuery {
  std::string_view prefix;
  std::string_view start_after;
  std::size_t limit = 1;
};

absl::StatusOr<ObjectPage> ListObjects(const FileHandle& root,
                                       const ListQuery& query);

}  // namespace elanus::storage

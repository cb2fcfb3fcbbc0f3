// Makes the metadata again from what else lies in the object store: the
// collection files (coordinator/collection_file.h) and the manifests of the
// segments that these name. For when neither the meta store nor a copy of it
// can be read.
//
//   ASSIGN_OR_RETURN(const RebuiltMeta rebuilt, RebuildMeta(objects));
//
// Which segments are live is not guessed from the files that are there: inputs
// and outputs of a compaction lie side by side until the inputs are swept, and
// so do files that were never committed. The collection file names the live
// ones; all others are garbage.
//
// Threads: any; it blocks on I/O.
// Errors:  those of the store; IsObjectNotFound if there is no collection file;
//          DATA_LOSS naming one that cannot be read: without it the rows of
//          its collection could not be told from garbage.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/status.h"
#include "storage/meta_store.h"
#include "storage/object_store.h"

namespace elanus::server {

struct RebuiltMeta {
  std::vector<storage::MetaEntry> entries;  // by rising key
  std::size_t files = 0;                    // collection files read
  // Manifests that cannot be read: their segments' records say what the
  // collection files know, and reads of the collection fail by name.
  std::vector<std::string> damaged;
};

absl::StatusOr<RebuiltMeta> RebuildMeta(storage::ObjectStore& objects);

}  // namespace elanus::server

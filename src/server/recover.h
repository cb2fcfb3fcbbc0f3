// `elanus recover`: brings back metadata that were lost or damaged, out of the
// newest copy in the object store (storage/meta_copy.h), or, if none can be
// read, out of the collection files and manifests (server/rebuild.h).
//
//   ASSIGN_OR_RETURN(const Recovery recovery, RecoverMeta(data));
//
// The old meta store is not deleted but renamed, so nothing is lost by trying.
// Rows, schemas, indexes and deletes are those of the copy or the files, and
// what the log holds behind their checkpoints: all that was acknowledged.
// Collections, partitions, aliases and indexes that were made in the last
// seconds before the loss, after the copy, are as the copy knows them; so are
// aliases and indexes that were dropped. A drop of a collection or a partition
// stands in the log and is gone on with.
//
// Threads: blocks on I/O; the server must not run (the folder is locked).
// Errors:  those of the storage; DATA_LOSS if neither a copy nor the files can
//          be read.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

namespace elanus::server {

struct Recovery {
  std::string source;  // a copy's name, or "N collection files"
  std::size_t records = 0;
  std::string put_aside;             // the former meta store, if there was one
  std::vector<std::string> damaged;  // what could not be read
};

absl::StatusOr<Recovery> RecoverMeta(const std::string& data_dir,
                                     const base::Clock& clock);

}  // namespace elanus::server

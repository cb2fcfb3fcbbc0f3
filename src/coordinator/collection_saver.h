// Keeps a collection file (collection_file.h) in the object store for each
// collection, so that the metadata can be made again without the meta store
// and without a copy of it.
//
//   CollectionSaver files(objects);
//   storage::MetaCopier copier(meta, objects,
//                              [&](const auto& all) { return files.Save(all);
//                              });
//   RETURN_IF_ERROR(copier.Save());
//   ... now the log may be truncated, and files deleted, that only older
//       collection files name
//
// Like a copy the files show one moment, and what came after it is in the log.
//
// Threads:   one call at a time; it blocks on I/O.
// Ownership: the store outlives the object.
// Errors:    those of the store; DATA_LOSS for a record that cannot be read.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "storage/meta_copy.h"
#include "storage/object_store.h"

namespace elanus::coordinator {

class CollectionSaver {
 public:
  explicit CollectionSaver(storage::ObjectStore& objects) : objects_(objects) {}

  // Afterwards each collection's newest file says what stands in `all`, and
  // collections that are not there have none.
  absl::Status Save(const storage::MetaCopy& all);

 private:
  // A put raises the greatest revision, a mere deletion lowers the count.
  struct Fingerprint {
    std::uint64_t revision = 0;
    std::size_t records = 0;
    friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
  };
  struct Kept {
    Fingerprint shown;               // by the newest file; of no file: zeros
    std::vector<std::string> names;  // oldest first
  };
  using Entries = std::vector<const storage::MetaEntry*>;

  absl::Status ListFormer();
  absl::Status SaveOne(base::CollectionId id, const Entries& entries,
                       const storage::MetaCopy& all);
  absl::Status DeleteAllBut(std::size_t kept, Kept& files);

  storage::ObjectStore& objects_;
  std::map<base::CollectionId, Kept> files_;
  std::uint64_t next_number_ = 0;  // 0 = not listed yet
};

// The newest file's name of each collection.
absl::StatusOr<std::map<base::CollectionId, std::string>> ListCollectionFiles(
    storage::ObjectStore& objects);

}  // namespace elanus::coordinator

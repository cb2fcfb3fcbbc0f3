// Copies of the whole meta store in the object store, so that metadata that
// were lost or damaged can be brought back (`elanus recover`).
// docs/formats/meta_copy.md has the bytes.
//
//   MetaCopier copier(meta, objects);
//   RETURN_IF_ERROR(copier.Save());     // nothing to do if nothing changed
//   ... now the log may be truncated, and files deleted, that only an older
//       copy names
//
//   ASSIGN_OR_RETURN(const MetaCopy copy, ReadNewestCopy(objects));
//   RETURN_IF_ERROR(FillMetaStore(copy, empty_store));
//
// A copy shows one moment. What was written after it is still in the log: who
// truncates the log or deletes files saves first. So a start from a copy is
// like a start after a crash at that moment.
//
// Threads:   any; a Save waits for one that runs. They block on I/O.
// Ownership: both stores outlive the copier.
// Errors:    those of the stores; DATA_LOSS for a copy that cannot be read.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "storage/meta_store.h"
#include "storage/object_store.h"

namespace elanus::storage {

inline constexpr std::string_view kMetaCopies = "meta/";

struct MetaCopy {
  std::string name;
  std::uint64_t revision = 0;      // of the store that it was made from
  std::vector<MetaEntry> entries;  // by rising key
  // Newer copies that could not be read, and why.
  std::vector<std::string> damaged;
};

class MetaCopier {
 public:
  // Keeps the same records in another form, too.
  using AlsoSave = std::function<absl::Status(const MetaCopy&)>;

  MetaCopier(MetaStore& store, ObjectStore& objects, AlsoSave also_save = {})
      : store_(store), objects_(objects), also_save_(std::move(also_save)) {}

  // Afterwards the newest copy shows all that was in the store before the
  // call, and `also_save` was given it. The copy before it is kept as well,
  // older ones are deleted.
  absl::Status Save();

  // Of the newest copy that this object made; 0 before.
  std::uint64_t bytes() const;

 private:
  absl::Status SaveNow();
  absl::Status ListFormer();

  MetaStore& store_;
  ObjectStore& objects_;
  const AlsoSave also_save_;

  mutable base::Mutex mutex_;
  base::CondVar saved_;
  bool saving_ ABSL_GUARDED_BY(mutex_) = false;
  std::uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;

  // Of the one who saves.
  std::vector<std::string> names_;  // of all copies, oldest first
  std::uint64_t next_number_ = 0;   // 0 = not listed yet
  std::uint64_t saved_revision_ = 0;
};

std::string EncodeMetaCopy(const MetaCopy& copy);
// `name` stands in the errors.
absl::StatusOr<MetaCopy> DecodeMetaCopy(std::string_view bytes,
                                        std::string_view name);

// The newest that is whole. Errors: IsObjectNotFound if there is none at all.
absl::StatusOr<MetaCopy> ReadNewestCopy(ObjectStore& objects);

// Puts all entries; `store` must be empty.
absl::Status FillMetaStore(const MetaCopy& copy, MetaStore& store);

}  // namespace elanus::storage

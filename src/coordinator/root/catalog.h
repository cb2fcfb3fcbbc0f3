// What collections, partitions and aliases there are. The meta store is the
// truth; this is its image in memory, changed only after a transaction there.
//
// A name is taken from the moment its collection is being made until it is
// being dropped; the name's key in the meta store decides who gets it. After a
// transaction of unknown outcome the image is in doubt: Refresh reads it anew.
//
// Threads:   any. The methods that change things, and Refresh, block on the
//            meta store, never under the mutex. Who changes a collection must
//            have it to himself (key_sequencer.h).
// Ownership: the store outlives it. Records are shared and immutable.
// Errors:    those of the store; a retriable kServiceUnavailable if the record
//            is not what the image says.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/mutex.h"
#include "base/status.h"
#include "proto/internal/meta.pb.h"
#include "storage/meta_store.h"

namespace elanus::coordinator {

using CollectionRecord = std::shared_ptr<const internal::CollectionMeta>;

inline constexpr base::DatabaseId kDefaultDatabase{1};
inline constexpr std::string_view kDefaultDatabaseName = "default";
inline constexpr std::string_view kDefaultPartitionName = "_default";

class Catalog {
 public:
  explicit Catalog(storage::MetaStore& store) : store_(store) {}

  // Reads all that is in doubt; everything the first time.
  absl::Status Refresh();
  bool in_doubt() const { return in_doubt_.load(); }

  // Whatever its state; null if there is none.
  CollectionRecord ById(base::CollectionId id) const;
  // By its own name, not by alias; not one that is being dropped.
  CollectionRecord ByName(std::string_view name) const;
  // By name or alias.
  CollectionRecord Resolve(std::string_view name) const;
  std::optional<internal::AliasMeta> FindAlias(std::string_view alias) const;
  // Ascending.
  std::vector<std::string> AliasesOf(base::CollectionId id) const;
  std::vector<std::string> Aliases() const;
  // By rising id, in every state.
  std::vector<CollectionRecord> Collections() const;

  // Takes the name, which nothing else may have.
  absl::Status Create(const internal::CollectionMeta& collection);
  // Writes the record of a collection that keeps its name; where a condition is
  // given, only if that holds.
  absl::Status Update(
      const internal::CollectionMeta& collection,
      const std::optional<storage::MetaCompare>& condition = std::nullopt);
  // State DROPPING; frees the name.
  absl::Status BeginDrop(base::CollectionId id);
  // The last step of a drop.
  absl::Status Remove(base::CollectionId id);
  absl::Status Rename(base::CollectionId id, const std::string& new_name);
  // Makes or points elsewhere.
  absl::Status PutAlias(const internal::AliasMeta& alias);
  absl::Status RemoveAlias(std::string_view alias);

 private:
  struct Collection {
    CollectionRecord record;         // null once removed
    std::uint64_t put_revision = 0;  // of the record's last put
    std::uint64_t revision = 0;      // the moment that this shows
  };
  struct Alias {
    std::optional<internal::AliasMeta> record;
    std::uint64_t revision = 0;
  };

  absl::Status ReadAll();
  absl::StatusOr<std::uint64_t> Commit(const storage::MetaTxn& txn);
  absl::StatusOr<Collection> Find(base::CollectionId id) const;
  void Set(base::CollectionId id, CollectionRecord record,
           std::uint64_t revision);
  // Unless the image shows a later moment.
  void SetLocked(base::CollectionId id, Collection changed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  storage::MetaStore& store_;
  std::atomic<bool> in_doubt_{true};

  mutable base::Mutex mutex_;
  // As long as somebody reads all anew, what was removed is remembered, so that
  // an older reading does not bring it back.
  int refreshing_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<base::CollectionId, Collection> collections_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, base::CollectionId, std::less<>> names_
      ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Alias, std::less<>> aliases_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::coordinator

// What the proxy remembers of collections, by name, alias and id, until root
// coord tells it to forget.
//
//   cache.Find(ctx, "default", "books", [](auto entry) {
//     if (!entry.ok()) ...                      // kCollectionNotFound
//     const types::Schema& schema = *(*entry)->schema;
//   });
//   ...
//   cache.Confirm(ctx, {.database = "default", .name = "books",
//                       .entry = entry, .partition = partition}, done);
//
// A write is acknowledged only if it is confirmed after the append: so none is
// acknowledged into a collection or partition that was dropped meanwhile. What
// else happens to a collection (another name or alias, another partition) does
// not hurt its writes: they are durable in the collection that the name meant
// when they were checked, which nobody can tell from a moment before the
// change.
//
// Threads:   any. Entries are immutable but for `valid`.
// Ownership: entries are shared.
// Errors:    root coord's; kCollectionIllegalSchema; of Confirm a retriable
//            kCollectionNotFound.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "base/executor.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "base/op_context.h"
#include "base/status.h"
#include "proto/internal/meta.pb.h"
#include "role/root_coord.h"
#include "types/schema.h"

namespace elanus::access {

struct CollectionEntry {
  internal::CollectionMeta meta;
  std::shared_ptr<const types::Schema> schema;
  std::atomic<bool> valid{true};  // false: forgotten since

  base::CollectionId id() const { return base::CollectionId{meta.id()}; }
  // Null if there is no such partition.
  const internal::PartitionMeta* FindPartition(std::string_view name) const;
  // The same for a write; kPartitionNotFound.
  absl::StatusOr<base::PartitionId> PartitionNamed(std::string_view name) const;
};

using EntryRef = std::shared_ptr<const CollectionEntry>;
using EntryDone = absl::AnyInvocable<void(absl::StatusOr<EntryRef>)>;

// Where a write went.
struct WrittenTo {
  std::string database;
  std::string name;  // of the collection, as the client called it
  EntryRef entry;
  base::PartitionId partition = base::kAllPartitions;
};

class MetaCache {
 public:
  explicit MetaCache(role::RootCoord& root_coord) : root_coord_(root_coord) {}

  // By name or alias; at once on this thread if it is remembered.
  void Find(const base::OpContext& ctx, std::string_view database,
            std::string_view name, EntryDone done);

  // OK if the collection is still there, under whatever name, with that schema
  // and that partition; at once on this thread if nothing was invalidated.
  void Confirm(const base::OpContext& ctx, WrittenTo to, base::Done done);

  void InvalidateId(std::int64_t collection_id);
  void InvalidateName(std::string_view database, std::string_view name);

 private:
  using Key = std::pair<std::string, std::string>;  // database, name
  struct Slot {
    std::shared_ptr<CollectionEntry> entry;  // null while it is looked up
    std::vector<EntryDone> waiting;
  };

  void LookUp(const base::OpContext& ctx, const Key& key,
              std::shared_ptr<Slot> slot);
  void Finish(const Key& key, const std::shared_ptr<Slot>& slot,
              absl::StatusOr<std::shared_ptr<CollectionEntry>> entry);

  role::RootCoord& root_coord_;
  base::Mutex mutex_;
  std::map<Key, std::shared_ptr<Slot>> slots_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::access

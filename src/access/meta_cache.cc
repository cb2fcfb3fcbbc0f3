#include "access/meta_cache.h"

#include <algorithm>

#include <fmt/format.h>

#include "role/schema_convert.h"

namespace elanus::access {
namespace {

struct Call {
  internal::CollectionRef request;
  internal::DescribeCollectionReply reply;
};

absl::StatusOr<std::shared_ptr<CollectionEntry>> MakeEntry(
    internal::CollectionMeta meta) {
  ASSIGN_OR_RETURN(types::Schema schema, role::SchemaFromProto(meta.schema()));
  schema.version = meta.schema_version();
  auto entry = std::make_shared<CollectionEntry>();
  entry->meta = std::move(meta);
  entry->schema = std::make_shared<const types::Schema>(std::move(schema));
  return entry;
}

bool HasPartition(const internal::CollectionMeta& collection,
                  base::PartitionId partition) {
  const auto& partitions = collection.partitions();
  return partition == base::kAllPartitions ||
         std::any_of(partitions.begin(), partitions.end(),
                     [partition](const internal::PartitionMeta& known) {
                       return known.id() == base::ToInt(partition) &&
                              known.state() == internal::CREATED;
                     });
}

absl::Status ChangedMeanwhile(const WrittenTo& to) {
  return base::MakeRetriable(
      base::ErrorCode::kCollectionNotFound,
      fmt::format("collection not found[database={}][collection={}]: it was "
                  "changed or dropped during the write",
                  to.database, to.name));
}

}  // namespace

const internal::PartitionMeta* CollectionEntry::FindPartition(
    std::string_view name) const {
  for (const internal::PartitionMeta& partition : meta.partitions()) {
    if (partition.name() == name && partition.state() == internal::CREATED) {
      return &partition;
    }
  }
  return nullptr;
}

absl::StatusOr<base::PartitionId> CollectionEntry::PartitionNamed(
    std::string_view name) const {
  const internal::PartitionMeta* partition = FindPartition(name);
  if (partition != nullptr) return base::PartitionId{partition->id()};
  return base::InvalidInput(base::ErrorCode::kPartitionNotFound,
                            "partition name {} not found: partition not "
                            "found[partition={}]",
                            name, name);
}

void MetaCache::Find(const base::OpContext& ctx, std::string_view database,
                     std::string_view name, EntryDone done) {
  Key key{database, name};
  std::shared_ptr<Slot> slot;
  EntryRef known;
  {
    base::MutexLock lock(mutex_);
    std::shared_ptr<Slot>& known_slot = slots_[key];
    if (known_slot == nullptr) {
      known_slot = slot = std::make_shared<Slot>();
      slot->waiting.push_back(std::move(done));
    } else if (known_slot->entry == nullptr) {
      known_slot->waiting.push_back(std::move(done));
    } else {
      known = known_slot->entry;
    }
  }
  if (known != nullptr) return done(std::move(known));
  if (slot != nullptr) LookUp(ctx, key, std::move(slot));
}

// Root coord's answer is younger than the append: what it says is there goes
// later, if at all, and its record of the drop stands behind the write's.
void MetaCache::Confirm(const base::OpContext& ctx, WrittenTo to,
                        base::Done done) {
  if (to.entry->valid.load()) return done(absl::OkStatus());
  auto call = std::make_shared<Call>();
  call->request.set_collection_id(to.entry->meta.id());
  Call& parts = *call;
  root_coord_.DescribeCollection(
      ctx, parts.request, &parts.reply,
      [to = std::move(to), call = std::move(call),
       done = std::move(done)](absl::Status status) mutable {
        if (base::CodeOf(status) == base::ErrorCode::kCollectionNotFound) {
          return done(ChangedMeanwhile(to));
        }
        if (!status.ok()) return done(std::move(status));
        const internal::CollectionMeta& now = call->reply.collection();
        const bool is_same =
            now.schema_version() == to.entry->meta.schema_version() &&
            HasPartition(now, to.partition);
        done(is_same ? absl::OkStatus() : ChangedMeanwhile(to));
      });
}

void MetaCache::LookUp(const base::OpContext& ctx, const Key& key,
                       std::shared_ptr<Slot> slot) {
  auto call = std::make_shared<Call>();
  call->request.set_database_name(key.first);
  call->request.set_collection_name(key.second);
  // Others wait for the same answer: the caller's deadline is not theirs.
  const base::OpContext asker(base::SystemClock(), base::OpContext::kNoDeadline,
                              ctx.request_id());
  root_coord_.DescribeCollection(
      asker, call->request, &call->reply,
      [this, key, slot, call](absl::Status status) {
        if (!status.ok()) return Finish(key, slot, std::move(status));
        Finish(key, slot,
               MakeEntry(std::move(*call->reply.mutable_collection())));
      });
}

// Whoever waited gets the answer, if nobody invalidated the name since the
// look-up began, that is, if the slot is still in its place.
void MetaCache::Finish(const Key& key, const std::shared_ptr<Slot>& slot,
                       absl::StatusOr<std::shared_ptr<CollectionEntry>> entry) {
  std::vector<EntryDone> waiting;
  bool is_stale = false;
  {
    base::MutexLock lock(mutex_);
    waiting.swap(slot->waiting);
    const auto it = slots_.find(key);
    const bool is_current = it != slots_.end() && it->second == slot;
    if (entry.ok() && is_current) {
      slot->entry = *entry;
    } else if (is_current) {
      slots_.erase(it);
    }
    is_stale = entry.ok() && !is_current;
  }
  if (is_stale) {
    // Something was invalidated meanwhile, perhaps another collection: only a
    // newer answer can be told apart.
    for (EntryDone& done : waiting) {
      Find(base::OpContext(), key.first, key.second, std::move(done));
    }
    return;
  }
  for (EntryDone& done : waiting) {
    if (entry.ok()) {
      done(EntryRef(*entry));
    } else {
      done(entry.status());
    }
  }
}

void MetaCache::InvalidateId(std::int64_t collection_id) {
  base::MutexLock lock(mutex_);
  std::erase_if(slots_, [collection_id](const auto& item) {
    const std::shared_ptr<CollectionEntry>& entry = item.second->entry;
    // A look-up under way may be about this collection.
    if (entry == nullptr) return true;
    if (entry->meta.id() != collection_id) return false;
    entry->valid.store(false);
    return true;
  });
}

void MetaCache::InvalidateName(std::string_view database,
                               std::string_view name) {
  base::MutexLock lock(mutex_);
  const auto it = slots_.find(Key{database, name});
  if (it == slots_.end()) return;
  if (it->second->entry != nullptr) it->second->entry->valid.store(false);
  slots_.erase(it);
}

}  // namespace elanus::access

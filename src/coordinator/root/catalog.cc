#include "coordinator/root/catalog.h"

#include <set>

#include "coordinator/meta_records.h"

namespace elanus::coordinator {
namespace {

absl::Status Overtaken(std::string_view what) {
  return base::MakeRetriable(
      base::ErrorCode::kServiceUnavailable,
      fmt::format("{} was changed by another process meanwhile", what));
}

storage::MetaPut NamePut(const internal::CollectionMeta& collection) {
  return PutNumber(keys::Name(kDefaultDatabase, collection.name()),
                   static_cast<std::uint64_t>(collection.id()));
}

storage::MetaPut CollectionPut(const internal::CollectionMeta& collection) {
  return PutRecord(keys::Collection(base::CollectionId{collection.id()}),
                   collection);
}

}  // namespace

absl::Status Catalog::Refresh() {
  in_doubt_.store(false);
  {
    base::MutexLock lock(mutex_);
    ++refreshing_;
  }
  absl::Status status = ReadAll();
  if (!status.ok()) in_doubt_.store(true);
  base::MutexLock lock(mutex_);
  if (--refreshing_ > 0) return status;
  std::erase_if(collections_,
                [](const auto& entry) { return !entry.second.record; });
  std::erase_if(aliases_,
                [](const auto& entry) { return !entry.second.record; });
  return status;
}

absl::Status Catalog::ReadAll() {
  ASSIGN_OR_RETURN(
      const RecordList<internal::CollectionMeta> collections,
      ListRecords<internal::CollectionMeta>(store_, keys::kCollections));
  const std::uint64_t now = collections.revision;
  ASSIGN_OR_RETURN(
      const RecordList<internal::AliasMeta> aliases,
      ListRecords<internal::AliasMeta>(store_, keys::kAliases, now));
  base::MutexLock lock(mutex_);
  std::set<base::CollectionId> ids;
  for (const auto& record : collections.records) {
    const base::CollectionId id{record.message.id()};
    ids.insert(id);
    SetLocked(id, {.record = std::make_shared<const internal::CollectionMeta>(
                       record.message),
                   .put_revision = record.revision,
                   .revision = now});
  }
  for (const auto& [id, entry] : collections_) {
    if (!ids.contains(id)) SetLocked(id, {.revision = now});
  }
  std::map<std::string, Alias, std::less<>> image;
  for (const auto& record : aliases.records) {
    image[record.message.alias()] = {.record = record.message, .revision = now};
  }
  // What was changed after the reading stays.
  for (auto& [name, alias] : aliases_) {
    if (alias.revision > now) image[name] = alias;
  }
  aliases_.swap(image);
  return absl::OkStatus();
}

CollectionRecord Catalog::ById(base::CollectionId id) const {
  base::MutexLock lock(mutex_);
  const auto found = collections_.find(id);
  return found == collections_.end() ? nullptr : found->second.record;
}

CollectionRecord Catalog::ByName(std::string_view name) const {
  base::MutexLock lock(mutex_);
  const auto found = names_.find(name);
  if (found == names_.end()) return nullptr;
  return collections_.at(found->second).record;
}

CollectionRecord Catalog::Resolve(std::string_view name) const {
  if (CollectionRecord own = ByName(name)) return own;
  const std::optional<internal::AliasMeta> alias = FindAlias(name);
  if (!alias.has_value()) return nullptr;
  return ById(base::CollectionId{alias->collection_id()});
}

std::optional<internal::AliasMeta> Catalog::FindAlias(
    std::string_view alias) const {
  base::MutexLock lock(mutex_);
  const auto found = aliases_.find(alias);
  if (found == aliases_.end()) return std::nullopt;
  return found->second.record;
}

std::vector<std::string> Catalog::AliasesOf(base::CollectionId id) const {
  base::MutexLock lock(mutex_);
  std::vector<std::string> found;
  for (const auto& [name, alias] : aliases_) {
    if (alias.record && alias.record->collection_id() == base::ToInt(id)) {
      found.push_back(name);
    }
  }
  return found;
}

std::vector<std::string> Catalog::Aliases() const {
  base::MutexLock lock(mutex_);
  std::vector<std::string> found;
  for (const auto& [name, alias] : aliases_) {
    if (alias.record) found.push_back(name);
  }
  return found;
}

std::vector<CollectionRecord> Catalog::Collections() const {
  base::MutexLock lock(mutex_);
  std::vector<CollectionRecord> found;
  for (const auto& [id, entry] : collections_) {
    if (entry.record != nullptr) found.push_back(entry.record);
  }
  return found;
}

absl::Status Catalog::Create(const internal::CollectionMeta& collection) {
  storage::MetaTxn txn;
  txn.puts = {NamePut(collection), CollectionPut(collection)};
  for (const storage::MetaPut& put : txn.puts) {
    txn.compares.push_back(storage::MetaCompare::Absent(put.key));
  }
  txn.compares.push_back(storage::MetaCompare::Absent(
      keys::Alias(kDefaultDatabase, collection.name())));
  ASSIGN_OR_RETURN(const std::uint64_t revision, Commit(txn));
  Set(base::CollectionId{collection.id()},
      std::make_shared<const internal::CollectionMeta>(collection), revision);
  return absl::OkStatus();
}

absl::Status Catalog::Update(
    const internal::CollectionMeta& collection,
    const std::optional<storage::MetaCompare>& condition) {
  const base::CollectionId id{collection.id()};
  ASSIGN_OR_RETURN(const Collection old, Find(id));
  storage::MetaTxn txn;
  txn.puts.push_back(CollectionPut(collection));
  txn.compares.push_back(
      storage::MetaCompare::RevisionIs(txn.puts.front().key, old.put_revision));
  if (condition.has_value()) txn.compares.push_back(*condition);
  ASSIGN_OR_RETURN(const std::uint64_t revision, Commit(txn));
  Set(id, std::make_shared<const internal::CollectionMeta>(collection),
      revision);
  return absl::OkStatus();
}

absl::Status Catalog::BeginDrop(base::CollectionId id) {
  ASSIGN_OR_RETURN(const Collection old, Find(id));
  auto dropping = std::make_shared<internal::CollectionMeta>(*old.record);
  dropping->set_state(internal::DROPPING);
  storage::MetaTxn txn;
  txn.puts.push_back(CollectionPut(*dropping));
  txn.compares.push_back(
      storage::MetaCompare::RevisionIs(txn.puts.front().key, old.put_revision));
  txn.deletes.push_back(keys::Name(kDefaultDatabase, old.record->name()));
  ASSIGN_OR_RETURN(const std::uint64_t revision, Commit(txn));
  Set(id, std::move(dropping), revision);
  return absl::OkStatus();
}

absl::Status Catalog::Remove(base::CollectionId id) {
  ASSIGN_OR_RETURN(const Collection old, Find(id));
  storage::MetaTxn txn;
  txn.deletes.push_back(keys::Collection(id));
  txn.compares.push_back(
      storage::MetaCompare::RevisionIs(txn.deletes.front(), old.put_revision));
  ASSIGN_OR_RETURN(const std::uint64_t revision, Commit(txn));
  Set(id, nullptr, revision);
  return absl::OkStatus();
}

absl::Status Catalog::Rename(base::CollectionId id,
                             const std::string& new_name) {
  ASSIGN_OR_RETURN(const Collection old, Find(id));
  auto renamed = std::make_shared<internal::CollectionMeta>(*old.record);
  renamed->set_name(new_name);
  renamed->mutable_schema()->set_name(new_name);
  storage::MetaTxn txn;
  txn.puts = {NamePut(*renamed), CollectionPut(*renamed)};
  txn.deletes.push_back(keys::Name(kDefaultDatabase, old.record->name()));
  txn.compares = {
      storage::MetaCompare::Absent(txn.puts[0].key),
      storage::MetaCompare::Absent(keys::Alias(kDefaultDatabase, new_name)),
      storage::MetaCompare::RevisionIs(txn.puts[1].key, old.put_revision)};
  ASSIGN_OR_RETURN(const std::uint64_t revision, Commit(txn));
  Set(id, std::move(renamed), revision);
  return absl::OkStatus();
}

absl::Status Catalog::PutAlias(const internal::AliasMeta& alias) {
  const base::CollectionId id{alias.collection_id()};
  ASSIGN_OR_RETURN(const Collection target, Find(id));
  storage::MetaTxn txn;
  txn.puts.push_back(
      PutRecord(keys::Alias(kDefaultDatabase, alias.alias()), alias));
  txn.compares = {
      storage::MetaCompare::Absent(keys::Name(kDefaultDatabase, alias.alias())),
      storage::MetaCompare::RevisionIs(keys::Collection(id),
                                       target.put_revision)};
  ASSIGN_OR_RETURN(const std::uint64_t revision, Commit(txn));
  base::MutexLock lock(mutex_);
  aliases_[alias.alias()] = {.record = alias, .revision = revision};
  return absl::OkStatus();
}

absl::Status Catalog::RemoveAlias(std::string_view alias) {
  storage::MetaTxn txn;
  txn.deletes.push_back(keys::Alias(kDefaultDatabase, alias));
  ASSIGN_OR_RETURN(const std::uint64_t revision, Commit(txn));
  base::MutexLock lock(mutex_);
  if (refreshing_ == 0) {
    aliases_.erase(std::string(alias));
  } else {
    aliases_[std::string(alias)] = {.record = std::nullopt,
                                    .revision = revision};
  }
  return absl::OkStatus();
}

absl::StatusOr<std::uint64_t> Catalog::Commit(const storage::MetaTxn& txn) {
  const absl::StatusOr<storage::MetaTxnResult> result = store_.Txn(txn);
  if (result.ok() && result->succeeded) return result->revision;
  in_doubt_.store(true);
  if (!result.ok()) return result.status();
  return Overtaken(txn.compares.empty() ? txn.deletes.front()
                                        : txn.compares.front().key);
}

absl::StatusOr<Catalog::Collection> Catalog::Find(base::CollectionId id) const {
  base::MutexLock lock(mutex_);
  const auto found = collections_.find(id);
  if (found == collections_.end() || found->second.record == nullptr) {
    return Overtaken(keys::Collection(id));
  }
  return found->second;
}

void Catalog::Set(base::CollectionId id, CollectionRecord record,
                  std::uint64_t revision) {
  base::MutexLock lock(mutex_);
  SetLocked(id, {.record = std::move(record),
                 .put_revision = revision,
                 .revision = revision});
  if (refreshing_ == 0 && collections_[id].record == nullptr) {
    collections_.erase(id);
  }
}

void Catalog::SetLocked(base::CollectionId id, Collection changed) {
  Collection& entry = collections_[id];
  // A reading from before the last change here.
  if (changed.revision < entry.revision) return;
  if (entry.record != nullptr) {
    const auto name = names_.find(entry.record->name());
    if (name != names_.end() && name->second == id) names_.erase(name);
  }
  if (changed.record != nullptr &&
      changed.record->state() != internal::DROPPING) {
    names_[changed.record->name()] = id;
  }
  entry = std::move(changed);
}

}  // namespace elanus::coordinator

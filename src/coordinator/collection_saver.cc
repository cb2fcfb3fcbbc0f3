#include "coordinator/collection_saver.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/numbers.h"
#include "coordinator/collection_file.h"
#include "coordinator/meta_records.h"

namespace elanus::coordinator {
namespace {

constexpr std::size_t kListPage = 1000;

// Whose keys go on with the collection's id.
constexpr std::string_view kById[] = {keys::kCollections,    keys::kChannels,
                                      keys::kSegments,       keys::kIndexes,
                                      keys::kSegmentIndexes, keys::kLoads};

absl::StatusOr<base::CollectionId> IdIn(std::string_view text,
                                        std::string_view key) {
  std::int64_t id = 0;
  if (!absl::SimpleAtoi(std::string(text), &id)) {
    return base::DataLoss("the meta store's record {} names no collection",
                          key);
  }
  return base::CollectionId{id};
}

absl::StatusOr<base::CollectionId> CollectionOf(
    const storage::MetaEntry& entry) {
  const std::string_view key = entry.key;
  for (const std::string_view prefix : kById) {
    if (!key.starts_with(prefix)) continue;
    const std::string_view rest = key.substr(prefix.size());
    return IdIn(rest.substr(0, rest.find('/')), key);
  }
  if (key.starts_with(keys::kNames)) return IdIn(entry.value, key);
  if (key.starts_with(keys::kAliases)) {
    internal::AliasMeta alias;
    RETURN_IF_ERROR(ParseRecord(key, entry.value, alias));
    return base::CollectionId{alias.collection_id()};
  }
  return kNoCollection;
}

bool IsBound(std::string_view key) {
  return key == keys::kIdBound || key == keys::kTimeBound;
}

absl::StatusOr<std::uint64_t> BoundOf(const storage::MetaCopy& all,
                                      std::string_view key) {
  const auto found =
      std::ranges::lower_bound(all.entries, key, {}, &storage::MetaEntry::key);
  std::uint64_t bound = 0;
  if (found == all.entries.end() || found->key != key) return bound;
  if (!absl::SimpleAtoi(found->value, &bound)) {
    return base::DataLoss("the meta store's record {} is no number", key);
  }
  return bound;
}

absl::StatusOr<SegmentEntry> EntryOf(const storage::MetaEntry& entry) {
  internal::SegmentMeta meta;
  RETURN_IF_ERROR(ParseRecord(entry.key, entry.value, meta));
  SegmentEntry segment{.id = base::SegmentId{meta.id()},
                       .state = meta.state(),
                       .partition = base::PartitionId{meta.partition_id()},
                       .shard = meta.shard(),
                       .attempt = base::AttemptId{meta.attempt_id()},
                       .manifest = meta.manifest().name(),
                       .manifest_size = meta.manifest().size(),
                       .manifest_crc = meta.manifest().crc32c()};
  ASSIGN_OR_RETURN(segment.synced_to,
                   storage::Position::Decode(meta.synced_to()));
  return segment;
}

struct FileName {
  base::CollectionId collection;
  std::uint64_t number = 0;
};

std::optional<FileName> ParseName(std::string_view name) {
  const std::string_view rest = name.substr(kCollectionFiles.size());
  const std::size_t slash = rest.find('/');
  std::int64_t id = 0;
  FileName parsed{};
  if (slash == std::string_view::npos ||
      !absl::SimpleAtoi(std::string(rest.substr(0, slash)), &id) ||
      !absl::SimpleAtoi(std::string(rest.substr(slash + 1)), &parsed.number)) {
    return std::nullopt;
  }
  parsed.collection = base::CollectionId{id};
  return parsed;
}

// Calls use(name, parsed) for every collection file, by rising name.
template <typename Use>
absl::Status ForEachFile(storage::ObjectStore& objects, Use use) {
  std::string after;
  while (true) {
    ASSIGN_OR_RETURN(const storage::ObjectPage page,
                     objects.List(kCollectionFiles, after, kListPage));
    for (const storage::ObjectInfo& object : page.objects) {
      const std::optional<FileName> parsed = ParseName(object.name);
      if (!parsed.has_value()) {
        return base::DataLoss("{} is no collection file", object.name);
      }
      use(object.name, *parsed);
    }
    if (!page.more || page.objects.empty()) return absl::OkStatus();
    after = page.objects.back().name;
  }
}

}  // namespace

absl::Status CollectionSaver::Save(const storage::MetaCopy& all) {
  if (next_number_ == 0) RETURN_IF_ERROR(ListFormer());
  std::map<base::CollectionId, Entries> groups;
  for (const storage::MetaEntry& entry : all.entries) {
    if (IsBound(entry.key) || entry.key.starts_with(keys::kAttempts)) continue;
    ASSIGN_OR_RETURN(const base::CollectionId id, CollectionOf(entry));
    groups[id].push_back(&entry);
  }
  for (const auto& [id, entries] : groups) {
    RETURN_IF_ERROR(SaveOne(id, entries, all));
  }
  for (auto it = files_.begin(); it != files_.end();) {
    if (groups.contains(it->first)) {
      ++it;
      continue;
    }
    RETURN_IF_ERROR(DeleteAllBut(0, it->second));
    it = files_.erase(it);
  }
  return absl::OkStatus();
}

absl::Status CollectionSaver::ListFormer() {
  std::map<base::CollectionId, Kept> files;
  std::uint64_t last = 0;
  RETURN_IF_ERROR(ForEachFile(
      objects_, [&](const std::string& name, const FileName& parsed) {
        files[parsed.collection].names.push_back(name);
        last = std::max(last, parsed.number);
      }));
  files_ = std::move(files);
  next_number_ = last + 1;
  return absl::OkStatus();
}

absl::Status CollectionSaver::SaveOne(base::CollectionId id,
                                      const Entries& entries,
                                      const storage::MetaCopy& all) {
  Fingerprint now{.records = entries.size()};
  for (const storage::MetaEntry* entry : entries) {
    now.revision = std::max(now.revision, entry->revision);
  }
  Kept& files = files_[id];
  if (files.shown == now) return absl::OkStatus();
  CollectionFile file{.collection = id, .revision = all.revision};
  ASSIGN_OR_RETURN(file.id_bound, BoundOf(all, keys::kIdBound));
  ASSIGN_OR_RETURN(file.time_bound, BoundOf(all, keys::kTimeBound));
  for (const storage::MetaEntry* entry : entries) {
    if (entry->key.starts_with(keys::kSegments)) {
      ASSIGN_OR_RETURN(SegmentEntry segment, EntryOf(*entry));
      file.segments.push_back(std::move(segment));
    } else {
      file.records.push_back({.key = entry->key, .value = entry->value});
    }
  }
  // Remembered before it is written: it may be there after an error too.
  files.names.push_back(fmt::format("{}{}/{:020}", kCollectionFiles,
                                    base::ToInt(id), next_number_++));
  RETURN_IF_ERROR(
      objects_.Put(files.names.back(), SerializeCollectionFile(file)));
  files.shown = now;
  return DeleteAllBut(1, files);
}

absl::Status CollectionSaver::DeleteAllBut(std::size_t kept, Kept& files) {
  while (files.names.size() > kept) {
    RETURN_IF_ERROR(objects_.Delete(files.names.front()));
    files.names.erase(files.names.begin());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::map<base::CollectionId, std::string>> ListCollectionFiles(
    storage::ObjectStore& objects) {
  std::map<base::CollectionId, std::string> newest;
  RETURN_IF_ERROR(ForEachFile(
      objects, [&newest](const std::string& name, const FileName& parsed) {
        newest[parsed.collection] = name;
      }));
  return newest;
}

}  // namespace elanus::coordinator

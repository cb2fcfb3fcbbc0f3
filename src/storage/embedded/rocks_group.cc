#include "storage/embedded/rocks_group.h"

#include <utility>

#include "storage/errors.h"

namespace elanus::storage {

using base::ErrorCode;

absl::Status FromRocks(const rocksdb::Status& status, std::string_view action) {
  if (status.ok()) return absl::OkStatus();
  const std::string text =
      fmt::format("meta store: cannot {}: {}", action, status.ToString());
  if (status.IsCorruption()) return base::DataLoss("{}", text);
  if (status.IsNoSpace()) {
    return base::MakeRetriable(ErrorCode::kDiskLimitExceeded, text);
  }
  return base::MakeRetriable(ErrorCode::kIoFailed, text);
}

absl::StatusOr<std::optional<StoredValue>> LoadStored(
    rocksdb::DB& db, const rocksdb::ReadOptions& options,
    std::string_view key) {
  std::string bytes;
  const rocksdb::Status status = db.Get(options, DataKey(key), &bytes);
  if (status.IsNotFound()) return std::optional<StoredValue>();
  RETURN_IF_ERROR(FromRocks(status, "read"));
  ASSIGN_OR_RETURN(StoredValue stored, DecodeStored(bytes, key));
  return std::optional<StoredValue>(std::move(stored));
}

absl::StatusOr<std::optional<StoredValue>> RocksGroup::Load(
    const std::string& key) {
  const auto changed = overlay_.find(key);
  if (changed != overlay_.end()) return changed->second;
  return LoadStored(db_, {}, key);
}

absl::StatusOr<bool> RocksGroup::Holds(const MetaCompare& compare) {
  ASSIGN_OR_RETURN(const std::optional<StoredValue> stored, Load(compare.key));
  switch (compare.kind) {
    case MetaCompare::Kind::kAbsent:
      return !stored.has_value();
    case MetaCompare::Kind::kExists:
      return stored.has_value();
    case MetaCompare::Kind::kValueIs:
      return stored.has_value() && stored->value == compare.value;
    case MetaCompare::Kind::kRevisionIs:
      return stored.has_value() && stored->revision == compare.revision;
  }
  return false;
}

absl::StatusOr<MetaTxnResult> RocksGroup::Add(const MetaTxn& txn) {
  for (const MetaCompare& compare : txn.compares) {
    ASSIGN_OR_RETURN(const bool holds, Holds(compare));
    if (!holds) return MetaTxnResult{.succeeded = false, .revision = revision_};
  }
  std::vector<std::string> deleted;
  std::vector<std::string> unleased;  // keys to take off their lease
  const auto look = [&](const std::string& key, bool goes) -> absl::Status {
    ASSIGN_OR_RETURN(const auto stored, Load(key));
    if (!stored.has_value()) return absl::OkStatus();
    if (stored->lease != kNoLease) unleased.push_back(key);
    if (goes) deleted.push_back(key);
    return absl::OkStatus();
  };
  for (const MetaPut& put : txn.puts) RETURN_IF_ERROR(look(put.key, false));
  for (const std::string& key : txn.deletes) RETURN_IF_ERROR(look(key, true));
  if (txn.puts.empty() && deleted.empty()) {
    return MetaTxnResult{.succeeded = true, .revision = revision_};
  }

  const std::uint64_t revision = ++revision_;
  std::vector<MetaEvent> events;
  for (const std::string& key : unleased) batch_.Delete(LeaseKey(key));
  for (const MetaPut& put : txn.puts) {
    StoredValue stored{
        .revision = revision, .lease = put.lease, .value = put.value};
    batch_.Put(DataKey(put.key), EncodeStored(stored));
    if (put.lease != kNoLease) batch_.Put(LeaseKey(put.key), "");
    overlay_[put.key] = std::move(stored);
    events.push_back({.kind = MetaEvent::Kind::kPut,
                      .key = put.key,
                      .value = put.value,
                      .revision = revision});
  }
  for (const std::string& key : deleted) {
    batch_.Delete(DataKey(key));
    overlay_[key] = std::nullopt;
    events.push_back(
        {.kind = MetaEvent::Kind::kDelete, .key = key, .revision = revision});
  }
  changes_.push_back(std::move(events));
  return MetaTxnResult{.succeeded = true, .revision = revision};
}

rocksdb::WriteBatch& RocksGroup::Finish() {
  batch_.Put(std::string(kRevisionKey), EncodeRevision(revision_));
  return batch_;
}

}  // namespace elanus::storage

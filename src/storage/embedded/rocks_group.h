// Transactions that are committed together: each is judged by what the store
// holds and by what the ones before it in the group will do.
//
//   RocksGroup group(db, revision);
//   ASSIGN_OR_RETURN(MetaTxnResult result, group.Add(txn));
//   db.Write({.sync = true}, &group.batch());
//
// Threads: one thread, which is the only one that writes to `db` meanwhile.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rocksdb/db.h"
#include "rocksdb/write_batch.h"
#include "storage/embedded/rocks_format.h"
#include "storage/meta_store.h"

namespace elanus::storage {

absl::Status FromRocks(const rocksdb::Status& status, std::string_view action);

// The key's value in `db`, as of `options`.
absl::StatusOr<std::optional<StoredValue>> LoadStored(
    rocksdb::DB& db, const rocksdb::ReadOptions& options, std::string_view key);

class RocksGroup {
 public:
  // revision: the last one that was given out.
  RocksGroup(rocksdb::DB& db, std::uint64_t revision)
      : db_(db), revision_(revision) {}

  // Adds what the transaction does, if its compares hold. An error leaves the
  // group as it was.
  absl::StatusOr<MetaTxnResult> Add(const MetaTxn& txn);

  // With the last revision; to be called once.
  rocksdb::WriteBatch& Finish();

  bool empty() const { return changes_.empty(); }
  std::uint64_t revision() const { return revision_; }
  // Of each transaction that changed something, in order.
  std::vector<std::vector<MetaEvent>> TakeEvents() {
    return std::move(changes_);
  }

 private:
  absl::StatusOr<std::optional<StoredValue>> Load(const std::string& key);
  absl::StatusOr<bool> Holds(const MetaCompare& compare);

  rocksdb::DB& db_;
  std::uint64_t revision_;
  rocksdb::WriteBatch batch_;
  // What the group changed; empty = deleted.
  std::map<std::string, std::optional<StoredValue>> overlay_;
  std::vector<std::vector<MetaEvent>> changes_;
};

}  // namespace elanus::storage

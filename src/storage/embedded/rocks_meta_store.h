// MetaStore for one process, in a folder of RocksDB.
//
//   ASSIGN_OR_RETURN(auto store, RocksMetaStore::Open({.path = data +
//   "/meta"}));
//
// Transactions that come while another one is synced are committed together:
// one write and one sync for all that wait, each atomic in itself.
//
// Leases live in memory: those of a former process have run out at Open. Old
// revisions are kept for the last 64 reads that asked for "now".
//
// Threads:   as MetaStore; one thread for watches, one for leases.
// Errors:    Open: DATA_LOSS for damage. A full disk: IsOutcomeUnknown, and
//            works again when there is space.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "storage/embedded/lease_table.h"
#include "storage/embedded/watch_hub.h"
#include "storage/meta_store.h"

namespace rocksdb {
class DB;
class Env;
class ManagedSnapshot;
class WriteBatch;
}  // namespace rocksdb

namespace elanus::storage {

struct RocksMetaStoreOptions {
  std::string path;  // made if missing; its parent must exist
  const base::Clock* clock = &base::SystemClock();
  // Besides a process that has it open; shows what was there at Open, without
  // a torn record at its end, which stays where it is. Every change is refused.
  bool read_only = false;
};

class RocksMetaStore final : public MetaStore {
 public:
  static absl::StatusOr<std::unique_ptr<RocksMetaStore>> Open(
      const RocksMetaStoreOptions& options);
  ~RocksMetaStore() override;

  absl::StatusOr<std::optional<MetaValue>> Get(std::string_view key) override;
  absl::StatusOr<MetaPage> Range(std::string_view prefix,
                                 const RangeOptions& options) override;
  absl::StatusOr<MetaTxnResult> Txn(const MetaTxn& txn) override;
  absl::StatusOr<std::unique_ptr<MetaWatch>> Watch(
      std::string_view prefix, std::uint64_t after_revision,
      WatchCallback callback) override;
  absl::StatusOr<LeaseId> GrantLease(std::chrono::milliseconds ttl) override;
  absl::Status KeepAlive(LeaseId lease) override;
  absl::Status RevokeLease(LeaseId lease) override;

  // Syncs so far: one for each group of transactions.
  std::uint64_t commits() const { return commits_; }

 private:
  struct Request;
  using Snapshot = std::shared_ptr<rocksdb::ManagedSnapshot>;

  explicit RocksMetaStore(const base::Clock& clock);
  absl::Status OpenDb(const RocksMetaStoreOptions& options);
  absl::StatusOr<bool> TakeAwayTornTails(const std::string& path);
  absl::Status SweepFormerLeases();

  // Waits until the request is committed, by this thread or another one.
  absl::StatusOr<MetaTxnResult> Commit(Request& request);
  void CommitGroup(const std::vector<Request*>& requests);
  absl::Status WriteGroup(rocksdb::WriteBatch& batch);

  absl::StatusOr<std::pair<Snapshot, std::uint64_t>> SnapshotAt(
      std::uint64_t revision);
  absl::Status ExpireLeases();
  void RunLeaseThread();

  const base::Clock& clock_;
  bool read_only_ = false;
  std::unique_ptr<rocksdb::Env> env_;  // null: the default one
  std::unique_ptr<rocksdb::DB> db_;
  std::unique_ptr<WatchHub> hub_;
  std::atomic<std::uint64_t> commits_ = 0;
  std::atomic<std::int64_t> next_deadline_ns_ = LeaseTable::kNever;

  // Of the thread that commits; one at a time.
  std::uint64_t last_revision_ = 0;  // given out
  bool needs_resume_ = false;        // the last write failed

  base::Mutex mutex_;
  base::CondVar committed_;
  std::deque<Request*> queue_ ABSL_GUARDED_BY(mutex_);
  bool committing_ ABSL_GUARDED_BY(mutex_) = false;
  LeaseTable leases_ ABSL_GUARDED_BY(mutex_);
  std::map<std::uint64_t, Snapshot> snapshots_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::uint64_t> snapshot_order_ ABSL_GUARDED_BY(mutex_);

  base::CondVar leases_changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread lease_thread_;
};

}  // namespace elanus::storage

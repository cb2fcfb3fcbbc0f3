#include "storage/embedded/rocks_meta_store.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <utility>

#include "base/log.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/snapshot.h"
#include "storage/embedded/rocks_format.h"
#include "storage/embedded/rocks_group.h"
#include "storage/embedded/rocks_log_tail.h"
#include "storage/embedded/rocks_resume.h"
#include "storage/embedded/rocks_tailless_env.h"
#include "storage/errors.h"

namespace elanus::storage {
namespace {

using base::ErrorCode;

constexpr std::size_t kMaxGroup = 128;     // transactions a sync
constexpr std::size_t kMaxSnapshots = 64;  // revisions that can be read
constexpr std::int64_t kSweepRetryNs = 1'000'000'000;

// RocksDB's own messages go into our log. Its log file is a trap: after one
// failed write, of a full disk say, its next message aborts the process.
class RocksLogger final : public rocksdb::Logger {
 public:
  RocksLogger() : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    std::array<char, 1000> text;
    std::vsnprintf(text.data(), text.size(), format, arguments);
    LOG_WARN("meta store: {}", text.data());
  }
};

rocksdb::Options DbOptions() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  // An incomplete record at the end was never acknowledged (one with holes is
  // taken out by CutTornTails); anything else that is wrong refuses to open
  // instead of dropping what follows.
  options.wal_recovery_mode =
      rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.write_buffer_size = 16 << 20;
  options.max_open_files = 256;
  options.max_background_jobs = 2;
  options.compression = rocksdb::kNoCompression;
  options.info_log = std::make_shared<RocksLogger>();
  options.listeners.push_back(NoAutomaticRecovery());
  options.stats_dump_period_sec = 0;
  return options;
}

absl::StatusOr<std::uint64_t> LoadRevision(
    rocksdb::DB& db, const rocksdb::ReadOptions& options) {
  std::string bytes;
  const rocksdb::Status status =
      db.Get(options, std::string(kRevisionKey), &bytes);
  RETURN_IF_ERROR(FromRocks(status, "read the revision"));
  return DecodeRevision(bytes);
}

}  // namespace

// One caller's wish, until it is committed.
struct RocksMetaStore::Request {
  const MetaTxn* txn = nullptr;
  LeaseId revoke = kNoLease;  // instead of a transaction
  bool done = false;
  absl::StatusOr<MetaTxnResult> result = MetaTxnResult();
};

RocksMetaStore::RocksMetaStore(const base::Clock& clock) : clock_(clock) {}

RocksMetaStore::~RocksMetaStore() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  leases_changed_.NotifyAll();
  if (lease_thread_.joinable()) lease_thread_.join();
}

absl::StatusOr<std::unique_ptr<RocksMetaStore>> RocksMetaStore::Open(
    const RocksMetaStoreOptions& options) {
  std::unique_ptr<RocksMetaStore> store(new RocksMetaStore(*options.clock));
  RETURN_IF_ERROR(store->OpenDb(options));
  if (!options.read_only) RETURN_IF_ERROR(store->SweepFormerLeases());
  store->hub_ = std::make_unique<WatchHub>(store->last_revision_);
  store->lease_thread_ =
      std::thread([raw = store.get()] { raw->RunLeaseThread(); });
  return store;
}

// From the files or, of who only reads, from sight. False if there are none.
absl::StatusOr<bool> RocksMetaStore::TakeAwayTornTails(
    const std::string& path) {
  if (!read_only_) {
    ASSIGN_OR_RETURN(const std::uint64_t cut, CutTornTails(path));
    return cut > 0;
  }
  ASSIGN_OR_RETURN(std::vector<TornTail> tails, FindTornTails(path));
  if (tails.empty()) return false;
  env_ = EnvWithoutTails(std::move(tails));
  return true;
}

absl::Status RocksMetaStore::OpenDb(const RocksMetaStoreOptions& options) {
  rocksdb::DB* db = nullptr;
  read_only_ = options.read_only;
  rocksdb::Options how = DbOptions();
  how.create_if_missing = !read_only_;
  const auto open = [&] {
    if (env_ != nullptr) how.env = env_.get();
    return read_only_ ? rocksdb::DB::OpenForReadOnly(how, options.path, &db)
                      : rocksdb::DB::Open(how, options.path, &db);
  };
  if (!read_only_) {
    // Open would make it as well, but warns first that it is not there.
    RETURN_IF_ERROR(FromRocks(how.env->CreateDirIfMissing(options.path),
                              "make " + options.path));
  }
  rocksdb::Status opened = open();
  if (opened.IsCorruption()) {
    ASSIGN_OR_RETURN(const bool changed, TakeAwayTornTails(options.path));
    if (changed) opened = open();
  }
  RETURN_IF_ERROR(FromRocks(opened, "open " + options.path));
  db_.reset(db);

  std::string ignored;
  const rocksdb::Status status =
      db_->Get({}, std::string(kRevisionKey), &ignored);
  if (status.IsNotFound() && !read_only_) {
    rocksdb::WriteOptions durable;
    durable.sync = true;
    // Revision 0 means "now" to readers.
    RETURN_IF_ERROR(FromRocks(
        db_->Put(durable, std::string(kRevisionKey), EncodeRevision(1)),
        "begin"));
  }
  ASSIGN_OR_RETURN(last_revision_, LoadRevision(*db_, {}));
  return absl::OkStatus();
}

absl::Status RocksMetaStore::SweepFormerLeases() {
  MetaTxn sweep;
  const std::string end(1, kLeaseTag + 1);
  const rocksdb::Slice upper(end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> leased(db_->NewIterator(options));
  for (leased->Seek(LeaseKey("")); leased->Valid(); leased->Next()) {
    sweep.deletes.push_back(leased->key().ToString().substr(1));
  }
  RETURN_IF_ERROR(FromRocks(leased->status(), "list leased keys"));
  if (sweep.deletes.empty()) return absl::OkStatus();

  RocksGroup group(*db_, last_revision_);
  RETURN_IF_ERROR(group.Add(sweep).status());
  if (group.empty()) return absl::OkStatus();
  last_revision_ = group.revision();
  return WriteGroup(group.Finish());
}

absl::StatusOr<std::optional<MetaValue>> RocksMetaStore::Get(
    std::string_view key) {
  base::LogIfError(ExpireLeases(), "tried again in a second");
  ASSIGN_OR_RETURN(std::optional<StoredValue> stored,
                   LoadStored(*db_, {}, key));
  if (!stored.has_value()) return std::optional<MetaValue>();
  return MetaValue{.value = std::move(stored->value),
                   .revision = stored->revision};
}

absl::StatusOr<std::pair<RocksMetaStore::Snapshot, std::uint64_t>>
RocksMetaStore::SnapshotAt(std::uint64_t revision) {
  if (revision != 0) {
    base::MutexLock lock(mutex_);
    const auto found = snapshots_.find(revision);
    if (found != snapshots_.end()) {
      return std::pair(found->second, revision);
    }
  }
  auto snapshot = std::make_shared<rocksdb::ManagedSnapshot>(db_.get());
  rocksdb::ReadOptions options;
  options.snapshot = snapshot->snapshot();
  ASSIGN_OR_RETURN(const std::uint64_t now, LoadRevision(*db_, options));
  if (revision != 0 && revision != now) {
    return RevisionGone(fmt::format("revision {} is not kept, the newest is {}",
                                    revision, now));
  }
  base::MutexLock lock(mutex_);
  if (snapshots_.emplace(now, snapshot).second) snapshot_order_.push_back(now);
  if (snapshot_order_.size() > kMaxSnapshots) {
    snapshots_.erase(snapshot_order_.front());
    snapshot_order_.pop_front();
  }
  return std::pair(std::move(snapshot), now);
}

absl::StatusOr<MetaPage> RocksMetaStore::Range(std::string_view prefix,
                                               const RangeOptions& options) {
  base::LogIfError(ExpireLeases(), "tried again in a second");
  ASSIGN_OR_RETURN(const auto snapshot, SnapshotAt(options.revision));
  MetaPage page{.revision = snapshot.second};
  const std::string end = PrefixEnd(DataKey(prefix));
  const rocksdb::Slice upper(end);
  rocksdb::ReadOptions read;
  read.snapshot = snapshot.first->snapshot();
  read.iterate_upper_bound = &upper;
  std::string begin = DataKey(prefix);
  if (!options.start_after.empty()) {
    begin = std::max(begin, DataKey(options.start_after) + '\0');
  }

  const std::unique_ptr<rocksdb::Iterator> row(db_->NewIterator(read));
  for (row->Seek(begin); row->Valid(); row->Next()) {
    if (page.entries.size() >= std::max<std::size_t>(options.limit, 1)) {
      page.more = true;
      break;
    }
    std::string key = row->key().ToString().substr(1);
    ASSIGN_OR_RETURN(StoredValue stored,
                     DecodeStored(row->value().ToStringView(), key));
    page.entries.push_back({.key = std::move(key),
                            .value = std::move(stored.value),
                            .revision = stored.revision});
  }
  RETURN_IF_ERROR(FromRocks(row->status(), "list"));
  return page;
}

absl::StatusOr<MetaTxnResult> RocksMetaStore::Txn(const MetaTxn& txn) {
  RETURN_IF_ERROR(CheckTxn(txn));
  if (read_only_) {
    return base::Error(ErrorCode::kServiceInternal,
                       "the meta store is open for reading only");
  }
  base::LogIfError(ExpireLeases(), "tried again in a second");
  Request request{.txn = &txn};
  return Commit(request);
}

absl::StatusOr<MetaTxnResult> RocksMetaStore::Commit(Request& request) {
  std::vector<Request*> group;
  mutex_.Lock();
  queue_.push_back(&request);
  while (!request.done) {
    if (committing_) {
      committed_.Wait(mutex_);
      continue;
    }
    // Nobody else commits: this thread does, for all that wait.
    committing_ = true;
    group.clear();
    do {
      group.push_back(queue_.front());
      queue_.pop_front();
    } while (!queue_.empty() && group.size() < kMaxGroup &&
             group.back()->revoke == kNoLease &&
             queue_.front()->revoke == kNoLease);
    mutex_.Unlock();
    CommitGroup(group);
    mutex_.Lock();
    for (Request* member : group) member->done = true;
    committing_ = false;
    committed_.NotifyAll();
  }
  mutex_.Unlock();
  return std::move(request.result);
}

void RocksMetaStore::CommitGroup(const std::vector<Request*>& requests) {
  RocksGroup group(*db_, last_revision_);
  MetaTxn revocation;  // stands alone in its group
  for (Request* request : requests) {
    absl::Status status;
    {
      base::MutexLock lock(mutex_);
      if (request->revoke != kNoLease) {
        revocation.deletes = leases_.KeysOf(request->revoke);
        request->txn = &revocation;
      }
      for (const MetaPut& put : request->txn->puts) {
        if (put.lease == kNoLease || !status.ok()) continue;
        status = leases_.CheckAlive(put.lease, clock_.MonotonicNs());
      }
    }
    if (status.ok()) {
      request->result = group.Add(*request->txn);
    } else {
      request->result = std::move(status);
    }
  }
  last_revision_ = group.revision();
  const absl::Status written =
      group.empty() ? absl::OkStatus() : WriteGroup(group.Finish());
  {
    base::MutexLock lock(mutex_);
    for (Request* request : requests) {
      if (!request->result.ok()) continue;
      if (!written.ok()) {
        request->result = written;
        continue;
      }
      if (!request->result->succeeded) continue;
      for (const MetaPut& put : request->txn->puts) {
        leases_.Attach(put.key, put.lease);
      }
      for (const auto& key : request->txn->deletes) {
        leases_.Attach(key, kNoLease);
      }
      if (request->revoke != kNoLease) leases_.Remove(request->revoke);
    }
  }
  if (!written.ok()) return;
  for (auto& events : group.TakeEvents()) hub_->Publish(std::move(events));
}

absl::Status RocksMetaStore::WriteGroup(rocksdb::WriteBatch& batch) {
  // What stopped the last write may have passed: a full disk.
  if (needs_resume_) {
    RETURN_IF_ERROR(ResumeWithSpace(*db_));
    needs_resume_ = false;
  }
  rocksdb::WriteOptions durable;
  durable.sync = true;
  const rocksdb::Status status = db_->Write(durable, &batch);
  ++commits_;
  if (status.ok()) return absl::OkStatus();
  needs_resume_ = true;
  return OutcomeUnknown(
      std::string(base::MessageOf(FromRocks(status, "write"))));
}

absl::StatusOr<std::unique_ptr<MetaWatch>> RocksMetaStore::Watch(
    std::string_view prefix, std::uint64_t after_revision,
    WatchCallback callback) {
  return hub_->Add(prefix, after_revision, std::move(callback));
}

absl::StatusOr<LeaseId> RocksMetaStore::GrantLease(
    std::chrono::milliseconds ttl) {
  LeaseId lease;
  {
    base::MutexLock lock(mutex_);
    lease = leases_.Grant(ttl, clock_.MonotonicNs());
    next_deadline_ns_ = leases_.NextDeadlineNs();
  }
  leases_changed_.NotifyAll();
  return lease;
}

absl::Status RocksMetaStore::KeepAlive(LeaseId lease) {
  RETURN_IF_ERROR(ExpireLeases());
  base::MutexLock lock(mutex_);
  RETURN_IF_ERROR(leases_.KeepAlive(lease, clock_.MonotonicNs()));
  next_deadline_ns_ = leases_.NextDeadlineNs();
  return absl::OkStatus();
}

absl::Status RocksMetaStore::RevokeLease(LeaseId lease) {
  Request request{.revoke = lease};
  return Commit(request).status();
}

absl::Status RocksMetaStore::ExpireLeases() {
  const std::int64_t now = clock_.MonotonicNs();
  if (now < next_deadline_ns_) return absl::OkStatus();
  std::vector<LeaseId> expired;
  {
    base::MutexLock lock(mutex_);
    expired = leases_.Expired(now);
  }
  absl::Status status;
  for (const LeaseId lease : expired) {
    if (status.ok()) status = RevokeLease(lease);
  }
  base::MutexLock lock(mutex_);
  next_deadline_ns_ =
      status.ok() ? leases_.NextDeadlineNs() : now + kSweepRetryNs;
  return status;
}

void RocksMetaStore::RunLeaseThread() {
  for (;;) {
    {
      base::MutexLock lock(mutex_);
      if (!stopping_) {
        const std::int64_t deadline = next_deadline_ns_;
        if (deadline == LeaseTable::kNever) {
          leases_changed_.Wait(mutex_);
        } else {
          const std::int64_t wait = deadline - clock_.MonotonicNs();
          if (wait > 0) {
            leases_changed_.WaitFor(mutex_, std::chrono::nanoseconds(wait));
          }
        }
      }
      if (stopping_) return;
    }
    base::LogIfError(ExpireLeases(), "tried again in a second");
  }
}

}  // namespace elanus::storage

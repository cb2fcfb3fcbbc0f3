// The three storage services on faulty ground: meta store and object store in
// memory, the embedded log itself over files in memory. What survives a crash
// is in Disk; a process gets services of its own over it, which are dead once
// it has died.
//
//   Disk disk;
//   MetaOnDisk meta(disk, faults);
//   LogOnDisk log(disk, faults, scheduler);
//   RETURN_IF_ERROR(log.Open());
//   ...
//   log.LosePower();     // of what was not synced, a prefix may be there
//
// Threads:   one; what a service does later is a task of the scheduler. The
//            log's own threads are waited for whenever a task needs what they
//            do, so that the same seed gives the same run.
// Ownership: Disk, Faults and Scheduler are borrowed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/faults.h"
#include "model/scheduler.h"
#include "storage/embedded/embedded_log.h"
#include "storage/log_broker.h"
#include "storage/meta_store.h"
#include "storage/object_store.h"
#include "testing/faulty_log_folder.h"

namespace elanus::model {

struct Disk {
  std::map<std::string, storage::MetaValue, std::less<>> meta;
  std::uint64_t revision = 1;
  std::map<std::string, base::Buffer, std::less<>> objects;
  // Since the last crash: a loss of power may bring them back.
  std::map<std::string, base::Buffer, std::less<>> deleted;
  std::shared_ptr<testing::FaultyDisk> log =
      std::make_shared<testing::FaultyDisk>();
};

class MetaOnDisk final : public storage::MetaStore {
 public:
  MetaOnDisk(Disk& disk, Faults& faults) : disk_(disk), faults_(faults) {}

  absl::StatusOr<std::optional<storage::MetaValue>> Get(
      std::string_view key) override;
  absl::StatusOr<storage::MetaPage> Range(
      std::string_view prefix, const storage::RangeOptions& options) override;
  absl::StatusOr<storage::MetaTxnResult> Txn(
      const storage::MetaTxn& txn) override;
  absl::StatusOr<std::unique_ptr<storage::MetaWatch>> Watch(
      std::string_view prefix, std::uint64_t after_revision,
      storage::WatchCallback callback) override;
  absl::StatusOr<storage::LeaseId> GrantLease(
      std::chrono::milliseconds ttl) override;
  absl::Status KeepAlive(storage::LeaseId lease) override;
  absl::Status RevokeLease(storage::LeaseId lease) override;

 private:
  bool Holds(const storage::MetaCompare& compare) const;
  storage::MetaTxnResult Apply(const storage::MetaTxn& txn);

  Disk& disk_;
  Faults& faults_;
};

class ObjectsOnDisk final : public storage::ObjectStore {
 public:
  ObjectsOnDisk(Disk& disk, Faults& faults) : disk_(disk), faults_(faults) {}

  using ObjectStore::Put;
  absl::Status Put(std::string_view name,
                   std::span<const std::byte> bytes) override;
  absl::StatusOr<base::Buffer> Get(std::string_view name) override;
  absl::StatusOr<base::Buffer> Get(std::string_view name, std::uint64_t offset,
                                   std::uint64_t length) override;
  absl::StatusOr<base::Buffer> Map(std::string_view name) override;
  absl::StatusOr<std::uint64_t> Head(std::string_view name) override;
  absl::StatusOr<storage::ObjectPage> List(std::string_view prefix,
                                           std::string_view start_after,
                                           std::size_t limit) override;
  absl::Status Delete(std::string_view name) override;
  absl::StatusOr<std::unique_ptr<storage::Upload>> StartUpload(
      std::string_view name) override;

  // Some of what was deleted is there again.
  void LosePower();

 private:
  absl::Status Store(std::string_view name, base::Buffer bytes);

  Disk& disk_;
  Faults& faults_;
};

class LogOnDisk final : public storage::LogBroker {
 public:
  LogOnDisk(Disk& disk, Faults& faults, Scheduler& scheduler);
  ~LogOnDisk() override;

  // Before anything else. Errors: those of EmbeddedLog::Open.
  absl::Status Open();

  absl::Status CreateTopics(std::span<const std::string> topics) override;
  absl::StatusOr<std::vector<std::string>> ListTopics() override;
  absl::Status DropTopic(std::string_view topic) override;
  void Append(std::string_view topic, base::Buffer record,
              storage::AppendDone done) override;
  absl::StatusOr<std::unique_ptr<storage::LogFollower>> Follow(
      std::string_view topic, const storage::Position& from,
      storage::LogSink& sink) override;
  void End(std::string_view topic, storage::EndDone done) override;
  absl::Status TruncateBefore(std::string_view topic,
                              const storage::Position& position) override;

  // The end of it; no follower may be left. Of the appends under way some are
  // there, and the first bytes of one more.
  void LosePower();

 private:
  class Follower;
  struct Waiting {
    std::string topic;
    base::Buffer bytes;
    storage::AppendDone done;  // null: nobody asks
  };
  using Results = std::vector<absl::StatusOr<storage::AppendResult>>;

  void Enqueue(std::string_view topic, base::Buffer record,
               storage::AppendDone done);
  void Sync();
  // One result for each, when the log has answered all.
  Results Write(std::span<const Waiting> records);

  Disk& disk_;
  Faults& faults_;
  Scheduler& scheduler_;
  // A record takes its followers up to so long.
  const std::uint64_t slow_ms_;
  std::unique_ptr<storage::EmbeddedLog> log_;
  std::vector<Waiting> waiting_;  // not given to the log yet
  bool sync_is_due_ = false;
  std::vector<Follower*> followers_;
  // Since Open.
  std::map<std::string, storage::Position, std::less<>> truncated_;
};

}  // namespace elanus::model

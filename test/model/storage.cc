#include "model/storage.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <utility>

#include "base/mutex.h"
#include "storage/errors.h"

namespace elanus::model {
namespace {

using storage::Position;

constexpr std::uint64_t kLateMaxMs = 300;
// Small, so that files are started and removed.
constexpr std::uint64_t kLogFileBytes = 8192;
constexpr std::size_t kTornBytesMax = 1024;
// Some lives are slow to take what comes out of the log: a start then loads
// and serves before it has read it all.
constexpr std::uint64_t kSlowMs[] = {0, 0, 0, 8, 60};

absl::Status Away() {
  return base::MakeRetriable(base::ErrorCode::kServiceUnavailable,
                             "storage is away (injected)");
}

absl::Status Unknown() { return storage::OutcomeUnknown("injected"); }

}  // namespace

absl::StatusOr<std::optional<storage::MetaValue>> MetaOnDisk::Get(
    std::string_view key) {
  if (faults_.OnRead() != Fault::kNone) return Away();
  const auto found = disk_.meta.find(key);
  if (found == disk_.meta.end()) return std::optional<storage::MetaValue>();
  return std::optional<storage::MetaValue>(found->second);
}

absl::StatusOr<storage::MetaPage> MetaOnDisk::Range(
    std::string_view prefix, const storage::RangeOptions& options) {
  if (faults_.OnRead() != Fault::kNone) return Away();
  if (options.revision != 0 && options.revision != disk_.revision) {
    return storage::RevisionGone("only the newest is kept");
  }
  storage::MetaPage page;
  page.revision = disk_.revision;
  for (auto it = disk_.meta.lower_bound(prefix);
       it != disk_.meta.end() && it->first.starts_with(prefix); ++it) {
    if (!options.start_after.empty() && it->first <= options.start_after) {
      continue;
    }
    page.more = page.entries.size() == options.limit;
    if (page.more) break;
    page.entries.push_back({it->first, it->second.value, it->second.revision});
  }
  return page;
}

bool MetaOnDisk::Holds(const storage::MetaCompare& compare) const {
  const auto found = disk_.meta.find(compare.key);
  const bool there = found != disk_.meta.end();
  switch (compare.kind) {
    case storage::MetaCompare::Kind::kAbsent:
      return !there;
    case storage::MetaCompare::Kind::kExists:
      return there;
    case storage::MetaCompare::Kind::kValueIs:
      return there && found->second.value == compare.value;
    case storage::MetaCompare::Kind::kRevisionIs:
      return there && found->second.revision == compare.revision;
  }
  return false;
}

storage::MetaTxnResult MetaOnDisk::Apply(const storage::MetaTxn& txn) {
  const bool succeeds = std::ranges::all_of(
      txn.compares, [this](const auto& compare) { return Holds(compare); });
  if (succeeds && !(txn.puts.empty() && txn.deletes.empty())) {
    ++disk_.revision;
    for (const auto& put : txn.puts) {
      disk_.meta[put.key] = {put.value, disk_.revision};
    }
    for (const std::string& key : txn.deletes) disk_.meta.erase(key);
  }
  return {.succeeded = succeeds, .revision = disk_.revision};
}

absl::StatusOr<storage::MetaTxnResult> MetaOnDisk::Txn(
    const storage::MetaTxn& txn) {
  RETURN_IF_ERROR(storage::CheckTxn(txn));
  switch (faults_.OnChange()) {
    case Fault::kFail:
      return Away();
    case Fault::kDrop:
      return Unknown();
    case Fault::kLose:
    case Fault::kLate:
      Apply(txn);
      return Unknown();
    case Fault::kDuplicate:
      // A client that retries on its own: the second answer is given.
      Apply(txn);
      return Apply(txn);
    default:
      return Apply(txn);
  }
}

absl::StatusOr<std::unique_ptr<storage::MetaWatch>> MetaOnDisk::Watch(
    std::string_view, std::uint64_t, storage::WatchCallback) {
  return Away();
}
absl::StatusOr<storage::LeaseId> MetaOnDisk::GrantLease(
    std::chrono::milliseconds) {
  return Away();
}
absl::Status MetaOnDisk::KeepAlive(storage::LeaseId) { return Away(); }
absl::Status MetaOnDisk::RevokeLease(storage::LeaseId) { return Away(); }

absl::Status ObjectsOnDisk::Store(std::string_view name, base::Buffer bytes) {
  RETURN_IF_ERROR(storage::CheckObjectName(name));
  const bool is_new =
      disk_.objects.try_emplace(std::string(name), std::move(bytes)).second;
  return is_new ? absl::OkStatus() : storage::ObjectExists(name);
}

absl::Status ObjectsOnDisk::Put(std::string_view name,
                                std::span<const std::byte> bytes) {
  const Fault fault = faults_.OnChange();
  if (fault == Fault::kFail) return Away();
  if (fault == Fault::kDrop) return Unknown();
  absl::Status status = Store(name, base::Buffer::Copy(bytes));
  if (fault == Fault::kLose || fault == Fault::kLate) return Unknown();
  if (fault == Fault::kDuplicate) return storage::ObjectExists(name);
  return status;
}

absl::StatusOr<base::Buffer> ObjectsOnDisk::Get(std::string_view name) {
  const Fault fault = faults_.OnRead();
  if (fault == Fault::kFail) return Away();
  const auto found = disk_.objects.find(name);
  if (found == disk_.objects.end()) return storage::ObjectNotFound(name);
  if (fault == Fault::kNone || found->second.empty()) return found->second;
  std::string torn(found->second.view());
  char& byte = torn[faults_.Random() % torn.size()];
  byte = static_cast<char>(byte ^ 1);
  return base::Buffer::FromString(std::move(torn));
}

absl::StatusOr<base::Buffer> ObjectsOnDisk::Get(std::string_view name,
                                                std::uint64_t offset,
                                                std::uint64_t length) {
  ASSIGN_OR_RETURN(const base::Buffer whole, Get(name));
  if (offset + length > whole.size()) {
    return base::Error(base::ErrorCode::kIoUnexpectedEof, "{} has {} bytes",
                       name, whole.size());
  }
  return whole.Slice(offset, length);
}

absl::StatusOr<base::Buffer> ObjectsOnDisk::Map(std::string_view name) {
  ASSIGN_OR_RETURN(const base::Buffer bytes, Get(name));
  // Aligned as a mapping is.
  base::AlignedBytes page(bytes.size());
  std::copy(bytes.bytes().begin(), bytes.bytes().end(), page.data());
  return std::move(page).Freeze();
}

absl::StatusOr<std::uint64_t> ObjectsOnDisk::Head(std::string_view name) {
  if (faults_.OnRead() != Fault::kNone) return Away();
  const auto found = disk_.objects.find(name);
  if (found == disk_.objects.end()) return storage::ObjectNotFound(name);
  return found->second.size();
}

absl::StatusOr<storage::ObjectPage> ObjectsOnDisk::List(
    std::string_view prefix, std::string_view start_after, std::size_t limit) {
  if (faults_.OnRead() != Fault::kNone) return Away();
  storage::ObjectPage page;
  for (auto it = disk_.objects.lower_bound(prefix);
       it != disk_.objects.end() && it->first.starts_with(prefix); ++it) {
    if (!start_after.empty() && it->first <= start_after) continue;
    page.more = page.objects.size() == limit;
    if (page.more) break;
    page.objects.push_back({it->first, it->second.size()});
  }
  return page;
}

absl::Status ObjectsOnDisk::Delete(std::string_view name) {
  const Fault fault = faults_.OnChange();
  if (fault == Fault::kFail) return Away();
  if (fault == Fault::kDrop) return Unknown();
  if (const auto found = disk_.objects.find(name);
      found != disk_.objects.end()) {
    disk_.deleted.insert(disk_.objects.extract(found));
  }
  if (fault == Fault::kLose || fault == Fault::kLate) return Unknown();
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<storage::Upload>> ObjectsOnDisk::StartUpload(
    std::string_view name) {
  class MemoryUpload final : public storage::Upload {
   public:
    MemoryUpload(ObjectsOnDisk& store, std::string_view name)
        : store_(store), name_(name) {}
    absl::Status Append(std::span<const std::byte> bytes) override {
      if (store_.faults_.OnRead() != Fault::kNone) return Away();
      bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      return absl::OkStatus();
    }
    absl::Status Finish() override {
      return store_.Put(name_, std::string_view(bytes_));
    }

   private:
    ObjectsOnDisk& store_;
    const std::string name_;
    std::string bytes_;
  };
  return std::make_unique<MemoryUpload>(*this, name);
}

void ObjectsOnDisk::LosePower() {
  for (auto& [name, bytes] : disk_.deleted) {
    if (faults_.Random() % 2 == 0) disk_.objects.try_emplace(name, bytes);
  }
  disk_.deleted.clear();
}

namespace {

struct Given {
  Position position;
  Position next;
  base::Buffer bytes;
};

// Where a follower's thread puts what it has read, until a task takes it.
class Inbox final : public storage::LogSink {
 public:
  void OnRecord(const Position& position, const Position& next,
                base::Buffer record) override {
    base::MutexLock lock(mutex_);
    given_.push_back({position, next, std::move(record)});
    next_ = next;
    changed_.NotifyAll();
  }
  // When a topic is at its end depends on when it is looked at: tasks ask.
  void OnEnd(const Position&, std::int64_t) override {}
  void OnError(const absl::Status& status) override {
    base::MutexLock lock(mutex_);
    error_ = status;
    changed_.NotifyAll();
  }

  // The next record; waits for it.
  absl::StatusOr<Given> Take() {
    base::MutexLock lock(mutex_);
    while (given_.empty() && error_.ok()) changed_.Wait(mutex_);
    if (given_.empty()) return error_;
    Given first = std::move(given_.front());
    given_.pop_front();
    return first;
  }

  // Until all before `end` is here.
  void AwaitAllBefore(const Position& end) {
    base::MutexLock lock(mutex_);
    while (next_ < end && error_.ok()) changed_.Wait(mutex_);
  }

  void StartAt(const Position& from) {
    base::MutexLock lock(mutex_);
    next_ = from;
  }

 private:
  base::Mutex mutex_;
  base::CondVar changed_;
  std::deque<Given> given_ ABSL_GUARDED_BY(mutex_);
  Position next_ ABSL_GUARDED_BY(mutex_);
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

// Gives one record a task. Destroying it ends the delivery.
class LogOnDisk::Follower final : public storage::LogFollower {
 public:
  Follower(LogOnDisk& log, std::string_view topic, const Position& from,
           storage::LogSink& sink)
      : log_(log), topic_(topic), next_(from), sink_(sink) {}
  ~Follower() override { std::erase(log_.followers_, this); }

  absl::Status Start() {
    inbox_.StartAt(next_);
    ASSIGN_OR_RETURN(reader_, log_.log_->Follow(topic_, next_, inbox_));
    log_.followers_.push_back(this);
    Wake();
    return absl::OkStatus();
  }

  const std::string& topic() const { return topic_; }

  // There may be something to give.
  void Wake() {
    told_end_ = false;
    Schedule();
  }

  // From here on it needs nothing that is before `end`.
  void ReadUpTo(const Position& end) { inbox_.AwaitAllBefore(end); }

 private:
  void Schedule() {
    if (std::exchange(scheduled_, true)) return;
    auto step = [this, alive = std::weak_ptr<bool>(alive_)] {
      if (alive.expired()) return;
      scheduled_ = false;
      Step();
    };
    if (log_.slow_ms_ == 0) return log_.scheduler_.Submit(std::move(step));
    const std::uint64_t delay_ms = log_.faults_.Random() % log_.slow_ms_;
    log_.scheduler_.After(std::chrono::milliseconds(delay_ms), std::move(step));
  }

  void Step() {
    const auto end = log_.log_->EndNow(topic_);
    if (!end.ok()) return sink_.OnError(end.status());
    if (next_ < log_.truncated_[topic_]) {
      return sink_.OnError(storage::Truncated("a follower was overtaken"));
    }
    if (next_ < *end) {
      absl::StatusOr<Given> given = inbox_.Take();
      if (!given.ok()) return sink_.OnError(given.status());
      next_ = given->next;
      Schedule();
      return sink_.OnRecord(given->position, given->next,
                            std::move(given->bytes));
    }
    if (std::exchange(told_end_, true)) return;
    sink_.OnEnd(*end, log_.scheduler_.MonotonicNs());
  }

  LogOnDisk& log_;
  const std::string topic_;
  Position next_;
  storage::LogSink& sink_;
  bool told_end_ = false;
  bool scheduled_ = false;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Inbox inbox_;
  std::unique_ptr<storage::LogFollower> reader_;  // gives to the inbox
};

LogOnDisk::LogOnDisk(Disk& disk, Faults& faults, Scheduler& scheduler)
    : disk_(disk),
      faults_(faults),
      scheduler_(scheduler),
      slow_ms_(kSlowMs[faults.Random() % std::size(kSlowMs)]) {}

LogOnDisk::~LogOnDisk() = default;

absl::Status LogOnDisk::Open() {
  ASSIGN_OR_RETURN(log_, storage::EmbeddedLog::Open(
                             disk_.log->OpenFolder(),
                             {.writer = {.file_bytes = kLogFileBytes}}));
  return absl::OkStatus();
}

absl::Status LogOnDisk::CreateTopics(std::span<const std::string> topics) {
  if (faults_.OnChange() == Fault::kFail || faults_.is_dead()) return Away();
  return log_->CreateTopics(topics);
}

absl::StatusOr<std::vector<std::string>> LogOnDisk::ListTopics() {
  if (faults_.OnRead() != Fault::kNone) return Away();
  return log_->ListTopics();
}

absl::Status LogOnDisk::DropTopic(std::string_view topic) {
  if (faults_.OnChange() == Fault::kFail || faults_.is_dead()) return Away();
  return log_->DropTopic(topic);
}

void LogOnDisk::Append(std::string_view topic, base::Buffer record,
                       storage::AppendDone done) {
  if (absl::Status found = log_->EndNow(topic).status(); !found.ok()) {
    return done(std::move(found));
  }
  switch (faults_.OnChange()) {
    case Fault::kFail:
      return done(Away());
    case Fault::kDrop:
      return done(Unknown());
    case Fault::kLose:
      return Enqueue(
          topic, std::move(record),
          [done = std::move(done)](const auto&) mutable { done(Unknown()); });
    case Fault::kDuplicate:
      Enqueue(topic, record, nullptr);
      break;
    case Fault::kLate:
      scheduler_.After(std::chrono::milliseconds(faults_.Random() % kLateMaxMs),
                       [this, topic = std::string(topic), record] {
                         if (!faults_.is_dead())
                           Enqueue(topic, record, nullptr);
                       });
      return done(Unknown());
    default:
      break;
  }
  Enqueue(topic, std::move(record), std::move(done));
}

void LogOnDisk::Enqueue(std::string_view topic, base::Buffer record,
                        storage::AppendDone done) {
  waiting_.push_back({std::string(topic), std::move(record), std::move(done)});
  if (std::exchange(sync_is_due_, true)) return;
  scheduler_.Submit([this] { Sync(); });
}

LogOnDisk::Results LogOnDisk::Write(std::span<const Waiting> records) {
  struct Answers {
    base::Mutex mutex;
    base::CondVar changed;
    std::size_t missing ABSL_GUARDED_BY(mutex) = 0;
    Results results ABSL_GUARDED_BY(mutex);
  };
  const auto answers = std::make_shared<Answers>();
  {
    base::MutexLock lock(answers->mutex);
    answers->missing = records.size();
    answers->results.resize(records.size());
  }
  for (std::size_t i = 0; i < records.size(); ++i) {
    log_->Append(records[i].topic, records[i].bytes,
                 [answers, i](absl::StatusOr<storage::AppendResult> result) {
                   base::MutexLock lock(answers->mutex);
                   answers->results[i] = std::move(result);
                   --answers->missing;
                   answers->changed.NotifyAll();
                 });
  }
  base::MutexLock lock(answers->mutex);
  while (answers->missing > 0) answers->changed.Wait(answers->mutex);
  return std::move(answers->results);
}

// Gives the log a part of what waits.
void LogOnDisk::Sync() {
  sync_is_due_ = false;
  if (faults_.is_dead() || waiting_.empty()) return;
  const auto count =
      static_cast<std::ptrdiff_t>(1 + faults_.Random() % waiting_.size());
  std::vector<Waiting> synced(
      std::make_move_iterator(waiting_.begin()),
      std::make_move_iterator(waiting_.begin() + count));
  waiting_.erase(waiting_.begin(), waiting_.begin() + count);
  Results results = Write(synced);
  if (!waiting_.empty()) {
    sync_is_due_ = true;
    scheduler_.Submit([this] { Sync(); });
  }
  for (const Waiting& record : synced) {
    for (Follower* follower : followers_) {
      if (follower->topic() == record.topic) follower->Wake();
    }
  }
  for (std::size_t i = 0; i < synced.size(); ++i) {
    if (synced[i].done) synced[i].done(std::move(results[i]));
  }
}

absl::StatusOr<std::unique_ptr<storage::LogFollower>> LogOnDisk::Follow(
    std::string_view topic, const Position& from, storage::LogSink& sink) {
  if (faults_.OnRead() != Fault::kNone) return Away();
  auto follower = std::make_unique<Follower>(*this, topic, from, sink);
  RETURN_IF_ERROR(follower->Start());
  return follower;
}

void LogOnDisk::End(std::string_view topic, storage::EndDone done) {
  if (faults_.OnRead() != Fault::kNone) return done(Away());
  absl::StatusOr<Position> end = log_->EndNow(topic);
  if (!end.ok() || faults_.Random() % 2 == 0) return done(std::move(end));
  // The answer is on its way: what is appended meanwhile is not in it.
  scheduler_.After(
      std::chrono::milliseconds(faults_.Random() % 3),
      [end = *end, done = std::move(done)]() mutable { done(end); });
}

absl::Status LogOnDisk::TruncateBefore(std::string_view topic,
                                       const Position& position) {
  const Fault fault = faults_.OnChange();
  if (fault == Fault::kFail) return Away();
  if (fault == Fault::kDrop) return Unknown();
  ASSIGN_OR_RETURN(const Position end, log_->EndNow(topic));
  // Their threads may be behind; the tasks are who is overtaken.
  for (Follower* follower : followers_) {
    if (follower->topic() == topic) follower->ReadUpTo(end);
  }
  RETURN_IF_ERROR(log_->TruncateBefore(topic, position));
  Position& truncated = truncated_[std::string(topic)];
  truncated = std::max(truncated, position);
  return absl::OkStatus();
}

void LogOnDisk::LosePower() {
  if (log_ == nullptr) return;
  const std::span<const Waiting> waiting = waiting_;
  const std::size_t kept = faults_.Random() % (waiting.size() + 1);
  Write(waiting.first(kept));
  disk_.log->IgnoreSyncs(true);
  if (kept < waiting.size()) Write(waiting.subspan(kept, 1));
  log_ = nullptr;
  disk_.log->IgnoreSyncs(false);
  disk_.log->LosePower(faults_.Random() % kTornBytesMax);
}

}  // namespace elanus::model

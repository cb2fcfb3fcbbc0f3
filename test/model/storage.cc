#include "model/storage.h"

#include <algorithm>
#include <utility>

#include "storage/errors.h"

namespace elanus::model {
namespace {

using storage::Position;

constexpr std::int64_t kLateMaxMs = 300;

absl::Status Away() {
  return base::MakeRetriable(base::ErrorCode::kServiceUnavailable,
                             "storage is away (injected)");
}

absl::Status Unknown() { return storage::OutcomeUnknown("injected"); }

Position PositionOf(std::uint64_t place) {
  std::string bytes(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<char>(place >> (56 - 8 * i));
  }
  return Position::FromBytes(bytes);
}

std::uint64_t PlaceOf(const Position& position) {
  std::uint64_t place = 0;
  for (const char byte : position.bytes()) {
    place = place << 8 | static_cast<std::uint8_t>(byte);
  }
  return place;
}

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

// Gives one record a task. Destroying it ends the delivery.
class LogOnDisk::Follower final : public storage::LogFollower {
 public:
  Follower(LogOnDisk& log, std::string_view topic, std::uint64_t from,
           storage::LogSink& sink)
      : log_(log), topic_(topic), place_(from), sink_(sink) {
    log_.followers_.push_back(this);
    Wake();
  }
  ~Follower() override { std::erase(log_.followers_, this); }

  const std::string& topic() const { return topic_; }

  // There may be something to give.
  void Wake() {
    told_end_ = false;
    Schedule();
  }

 private:
  void Schedule() {
    if (scheduled_) return;
    scheduled_ = true;
    log_.scheduler_.Submit([this, alive = std::weak_ptr<bool>(alive_)] {
      if (alive.expired()) return;
      scheduled_ = false;
      Step();
    });
  }

  void Step() {
    const auto found = log_.disk_.topics.find(topic_);
    if (found == log_.disk_.topics.end()) {
      return sink_.OnError(storage::TopicNotFound(topic_));
    }
    const Disk::Topic& topic = found->second;
    if (place_ < topic.truncated) {
      return sink_.OnError(storage::Truncated("a follower was overtaken"));
    }
    const auto record = std::ranges::lower_bound(topic.records, place_, {},
                                                 &Disk::Record::place);
    if (record != topic.records.end()) {
      const Disk::Record given = *record;
      place_ = given.place + 1;
      Schedule();
      return sink_.OnRecord(PositionOf(given.place), PositionOf(place_),
                            given.bytes);
    }
    if (told_end_) return;
    told_end_ = true;
    sink_.OnEnd(PositionOf(topic.end), log_.scheduler_.MonotonicNs());
  }

  LogOnDisk& log_;
  const std::string topic_;
  std::uint64_t place_;
  storage::LogSink& sink_;
  bool told_end_ = false;
  bool scheduled_ = false;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

absl::Status LogOnDisk::CreateTopic(std::string_view topic) {
  if (faults_.OnChange() == Fault::kFail || faults_.is_dead()) return Away();
  disk_.topics.try_emplace(std::string(topic));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> LogOnDisk::ListTopics() {
  if (faults_.OnRead() != Fault::kNone) return Away();
  std::vector<std::string> names;
  for (const auto& [name, topic] : disk_.topics) names.push_back(name);
  return names;
}

absl::Status LogOnDisk::DropTopic(std::string_view topic) {
  if (faults_.OnChange() == Fault::kFail || faults_.is_dead()) return Away();
  if (const auto found = disk_.topics.find(topic);
      found != disk_.topics.end()) {
    disk_.topics.erase(found);
  }
  return absl::OkStatus();
}

void LogOnDisk::Append(std::string_view topic, base::Buffer record,
                       storage::AppendDone done) {
  if (!disk_.topics.contains(topic)) {
    return done(storage::TopicNotFound(topic));
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

storage::AppendResult LogOnDisk::Write(const Waiting& waiting) {
  const std::uint64_t place = disk_.next_place++;
  Disk::Topic& topic = disk_.topics[waiting.topic];
  topic.records.push_back({place, waiting.bytes});
  topic.end = place + 1;
  return {.position = PositionOf(place), .next = PositionOf(place + 1)};
}

// One fdatasync for a part of those that wait.
void LogOnDisk::Sync() {
  sync_is_due_ = false;
  if (faults_.is_dead() || waiting_.empty()) return;
  std::vector<std::pair<Waiting, storage::AppendResult>> synced;
  const std::size_t count = 1 + faults_.Random() % waiting_.size();
  for (std::size_t i = 0; i < count; ++i) {
    const storage::AppendResult result = Write(waiting_.front());
    synced.emplace_back(std::move(waiting_.front()), result);
    waiting_.pop_front();
  }
  if (!waiting_.empty()) {
    sync_is_due_ = true;
    scheduler_.Submit([this] { Sync(); });
  }
  for (auto& [record, result] : synced) {
    for (Follower* follower : followers_) {
      if (follower->topic() == record.topic) follower->Wake();
    }
  }
  for (auto& [record, result] : synced) {
    if (record.done) record.done(result);
  }
}

absl::StatusOr<std::unique_ptr<storage::LogFollower>> LogOnDisk::Follow(
    std::string_view topic, const Position& from, storage::LogSink& sink) {
  if (faults_.OnRead() != Fault::kNone) return Away();
  const auto found = disk_.topics.find(topic);
  if (found == disk_.topics.end()) return storage::TopicNotFound(topic);
  const std::uint64_t place =
      from.is_beginning() && found->second.truncated == 0 ? 0 : PlaceOf(from);
  if (place < found->second.truncated) {
    return storage::Truncated("a follower came too late");
  }
  if (place > found->second.end) {
    return base::DataLoss("topic {} ends at {}, but {} was seen before", topic,
                          found->second.end, place);
  }
  return std::make_unique<Follower>(*this, topic, place, sink);
}

void LogOnDisk::End(std::string_view topic, storage::EndDone done) {
  if (faults_.OnRead() != Fault::kNone) return done(Away());
  const auto found = disk_.topics.find(topic);
  if (found == disk_.topics.end()) return done(storage::TopicNotFound(topic));
  const Position end = PositionOf(found->second.end);
  if (faults_.Random() % 2 == 0) return done(end);
  // The answer is on its way: what is appended meanwhile is not in it.
  scheduler_.After(std::chrono::milliseconds(faults_.Random() % 3),
                   [end, done = std::move(done)]() mutable { done(end); });
}

absl::Status LogOnDisk::TruncateBefore(std::string_view topic,
                                       const Position& position) {
  const Fault fault = faults_.OnChange();
  if (fault == Fault::kFail) return Away();
  if (fault == Fault::kDrop) return Unknown();
  const auto found = disk_.topics.find(topic);
  if (found == disk_.topics.end()) return storage::TopicNotFound(topic);
  const std::uint64_t place = PlaceOf(position);
  if (place > found->second.end) {
    return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                              "topic {} ends at {}", topic, found->second.end);
  }
  Disk::Topic& kept = found->second;
  kept.truncated = std::max(kept.truncated, place);
  while (!kept.records.empty() && kept.records.front().place < kept.truncated) {
    kept.records.pop_front();
  }
  return absl::OkStatus();
}

void LogOnDisk::LosePower() {
  const std::size_t kept = faults_.Random() % (waiting_.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) Write(waiting_[i]);
}

}  // namespace elanus::model

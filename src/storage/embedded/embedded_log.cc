#include "storage/embedded/embedded_log.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/crc32c.h"
#include "storage/errors.h"

namespace elanus::storage {
namespace {

using base::ErrorCode;

// The table, or that of a new log.
absl::StatusOr<LogTable> LoadTable(LogFolder& folder) {
  ASSIGN_OR_RETURN(std::optional<LogTable> table, ReadLogTable(folder));
  if (table.has_value()) return *std::move(table);
  RETURN_IF_ERROR(folder.Replace(kLogTableName, EncodeLogTable({})));
  return LogTable();
}

}  // namespace

EmbeddedLog::EmbeddedLog(std::unique_ptr<LogFolder> folder,
                         const EmbeddedLogOptions& options)
    : folder_(std::move(folder)),
      clock_(*options.clock),
      retries_(options.retries),
      state_(options.recent_bytes, options.budget) {}

EmbeddedLog::~EmbeddedLog() = default;

absl::StatusOr<std::unique_ptr<EmbeddedLog>> EmbeddedLog::Open(
    std::unique_ptr<LogFolder> folder, const EmbeddedLogOptions& options) {
  std::unique_ptr<EmbeddedLog> log(new EmbeddedLog(std::move(folder), options));
  RETURN_IF_ERROR(log->Start(options.writer));
  return log;
}

absl::Status EmbeddedLog::Start(const LogWriter::Options& options) {
  ASSIGN_OR_RETURN(const LogTable table, LoadTable(*folder_));
  {
    base::MutexLock lock(mutex_);
    state_.Apply(table);
  }
  ASSIGN_OR_RETURN(LogScan scan, ScanLog(*folder_, table, *this));
  cut_bytes_ = scan.cut_bytes;
  LogWriterClient& client = *this;
  writer_ = std::make_unique<LogWriter>(options, *folder_, client,
                                        scan.last_start, std::move(scan.last));
  return absl::OkStatus();
}

void EmbeddedLog::OnFile(std::uint64_t start, std::shared_ptr<LogFile> file) {
  base::MutexLock lock(mutex_);
  state_.AddFile(start, std::move(file));
}

void EmbeddedLog::OnRecord(const RecordHeader& record) {
  base::MutexLock lock(mutex_);
  state_.AddRecord(record.topic, record.place, record.size);
}

void EmbeddedLog::OnNewFile(std::uint64_t start,
                            std::shared_ptr<LogFile> file) {
  OnFile(start, std::move(file));
}

void EmbeddedLog::OnDurable(std::span<PendingRecord> records) {
  std::vector<bool> known(records.size());
  std::vector<TopicPtr> touched;
  {
    base::MutexLock lock(mutex_);
    for (std::size_t i = 0; i < records.size(); ++i) {
      const PendingRecord& record = records[i];
      known[i] =
          state_.AddRecord(record.topic, record.place,
                           static_cast<std::uint32_t>(record.bytes.size()));
      if (!known[i]) continue;
      state_.recent().Add(record.place, record.bytes);
      touched.push_back(state_.Find(record.topic));
    }
  }
  for (const TopicPtr& topic : touched) topic->changed.NotifyAll();
  for (std::size_t i = 0; i < records.size(); ++i) {
    PendingRecord& record = records[i];
    if (known[i]) {
      const std::uint64_t next =
          record.place + RecordSpace(record.bytes.size());
      record.done(AppendResult{.position = PositionOf(record.place),
                               .next = PositionOf(next)});
    } else {
      record.done(base::Error(ErrorCode::kLogTopicNotFound,
                              "the log topic was dropped meanwhile"));
    }
  }
}

absl::StatusOr<EmbeddedLog::TopicPtr> EmbeddedLog::FindLocked(
    std::string_view topic) const {
  TopicPtr found = state_.Find(topic);
  if (found == nullptr) return TopicNotFound(topic);
  return found;
}

absl::Status EmbeddedLog::Replace(const LogTable& table) {
  RETURN_IF_ERROR(folder_->Replace(kLogTableName, EncodeLogTable(table)));
  std::vector<std::uint64_t> unneeded;
  {
    base::MutexLock lock(mutex_);
    unneeded = state_.Apply(table);
  }
  for (const std::uint64_t start : unneeded) {
    base::LogIfError(folder_->Remove(LogFileName(start)),
                     "the file is removed at the next start");
  }
  return absl::OkStatus();
}

absl::Status EmbeddedLog::CreateTopics(std::span<const std::string> topics) {
  for (const std::string& topic : topics) {
    RETURN_IF_ERROR(CheckTopicName(topic));
  }
  base::MutexLock control(control_mutex_);
  LogTable table;
  std::vector<TopicPtr> half_dropped;
  bool changes = false;
  {
    base::MutexLock lock(mutex_);
    table = state_.table();
    for (const std::string& topic : topics) {
      const TopicPtr found = state_.Find(topic);
      if (found != nullptr && !found->dropping) continue;
      changes = true;
      if (found != nullptr) {
        half_dropped.push_back(found);
      } else if (!table.topics.contains(topic)) {
        table.topics[topic].number = table.next_topic++;
      }
    }
  }
  if (!changes) return absl::OkStatus();
  RETURN_IF_ERROR(Replace(table));
  base::MutexLock lock(mutex_);
  for (const TopicPtr& topic : half_dropped) topic->dropping = false;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> EmbeddedLog::ListTopics() {
  base::MutexLock lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, row] : state_.table().topics) names.push_back(name);
  return names;
}

absl::Status EmbeddedLog::DropTopic(std::string_view topic) {
  base::MutexLock control(control_mutex_);
  LogTable table;
  {
    base::MutexLock lock(mutex_);
    const TopicPtr found = state_.Find(topic);
    if (found == nullptr) return absl::OkStatus();
    found->dropping = true;
    table = state_.PlanDrop(*found);
  }
  return Replace(table);
}

absl::Status EmbeddedLog::TruncateBefore(std::string_view topic,
                                         const Position& position) {
  ASSIGN_OR_RETURN(const std::uint64_t place, PlaceOf(position));
  base::MutexLock control(control_mutex_);
  LogTable table;
  {
    base::MutexLock lock(mutex_);
    ASSIGN_OR_RETURN(const TopicPtr found, FindLocked(topic));
    if (place > found->end) {
      return base::InvalidInput(
          ErrorCode::kParameterInvalid,
          "topic {} cannot be truncated before {}: it ends at {}", topic,
          position.ToString(), PositionOf(found->end).ToString());
    }
    if (place <= found->truncated) return absl::OkStatus();
    table = state_.PlanTruncate(*found, place);
  }
  return Replace(table);
}

void EmbeddedLog::Append(std::string_view topic, base::Buffer record,
                         AppendDone done) {
  if (record.size() > kMaxRecordBytes) {
    done(base::InvalidInput(ErrorCode::kParameterTooLarge,
                            "a log record has {} bytes, at most {}",
                            record.size(), kMaxRecordBytes));
    return;
  }
  absl::StatusOr<TopicPtr> found;
  {
    base::MutexLock lock(mutex_);
    found = FindLocked(topic);
    if (found.ok() && (*found)->dropping) found = TopicNotFound(topic);
  }
  if (!found.ok()) {
    done(found.status());
    return;
  }
  const std::uint32_t crc = base::Crc32c(record.bytes());
  writer_->Append({.topic = (*found)->number,
                   .payload_crc = crc,
                   .bytes = std::move(record),
                   .done = std::move(done)});
}

absl::StatusOr<Position> EmbeddedLog::EndNow(std::string_view topic) {
  base::MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(const TopicPtr found, FindLocked(topic));
  return PositionOf(found->end);
}

void EmbeddedLog::End(std::string_view topic, EndDone done) {
  done(EndNow(topic));
}

absl::StatusOr<std::unique_ptr<LogFollower>> EmbeddedLog::Follow(
    std::string_view topic, const Position& from, LogSink& sink) {
  ASSIGN_OR_RETURN(const std::uint64_t place, PlaceOf(from));
  TopicPtr found;
  {
    base::MutexLock lock(mutex_);
    ASSIGN_OR_RETURN(found, FindLocked(topic));
    if (place > found->end) {
      return base::DataLoss(
          "topic {} ends at {}, but {} was seen before: the log lost records",
          topic, PositionOf(found->end).ToString(), from.ToString());
    }
    if (place < found->truncated) return TruncatedAt(*found, place);
  }
  return MakeFollower(
      {.mutex = mutex_, .state = state_, .clock = clock_, .retries = retries_},
      std::move(found), place, sink);
}

}  // namespace elanus::storage

// LogBroker for one process: all topics in one physical log of append-only
// files (docs/formats/log.md), one fdatasync for all waiting writers.
//
//   ASSIGN_OR_RETURN(auto folder, OpenPosixLogFolder(data + "/log"));
//   ASSIGN_OR_RETURN(auto log, EmbeddedLog::Open(std::move(folder), {}));
//
// A position is a place in the physical log. A topic's end is the place behind
// its last record, so it does not move when other topics are written.
// Truncation is noted per topic; a file goes when no topic has live records in
// it. In memory: 16 bytes a live record, and the records appended last.
//
// Threads:   as LogBroker. Done functions run on the writer's thread; each
//            follower has a thread of its own, which waits without polling.
// Ownership: owns the folder. The clock must outlive it.
// Errors:    Open: DATA_LOSS for damage, by file and offset. Disk full: appends
//            fail with kDiskLimitExceeded, retriable, and work again when
//            there is space. After any other failed write or sync: the batch
//            gets IsOutcomeUnknown, later appends are refused until Open.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/memory_budget.h"
#include "base/mutex.h"
#include "storage/embedded/log_file.h"
#include "storage/embedded/log_follower.h"
#include "storage/embedded/log_scan.h"
#include "storage/embedded/log_state.h"
#include "storage/embedded/log_writer.h"
#include "storage/log_broker.h"

namespace elanus::storage {

struct EmbeddedLogOptions {
  LogWriter::Options writer;
  std::uint64_t recent_bytes = 64ULL << 20;  // records kept for followers
  base::MemoryBudget* budget = nullptr;      // charged with them
  const base::Clock* clock = &base::SystemClock();
  // Without them the first failed read ends its follower.
  LogRetries retries = {};
};

class EmbeddedLog final : public LogBroker, LogVisitor, LogWriterClient {
 public:
  static absl::StatusOr<std::unique_ptr<EmbeddedLog>> Open(
      std::unique_ptr<LogFolder> folder, const EmbeddedLogOptions& options);
  // Writes what was appended. No follower may be left.
  ~EmbeddedLog() override;

  absl::Status CreateTopics(std::span<const std::string> topics) override;
  absl::StatusOr<std::vector<std::string>> ListTopics() override;
  absl::Status DropTopic(std::string_view topic) override;
  void Append(std::string_view topic, base::Buffer record,
              AppendDone done) override;
  absl::StatusOr<std::unique_ptr<LogFollower>> Follow(std::string_view topic,
                                                      const Position& from,
                                                      LogSink& sink) override;
  void End(std::string_view topic, EndDone done) override;
  absl::Status TruncateBefore(std::string_view topic,
                              const Position& position) override;

  // As End, at once.
  absl::StatusOr<Position> EndNow(std::string_view topic);

  LogWriterStats stats() const { return writer_->stats(); }
  // Of a torn tail, taken away at Open.
  std::uint64_t cut_bytes() const { return cut_bytes_; }

 private:
  using TopicPtr = LogState::TopicPtr;

  EmbeddedLog(std::unique_ptr<LogFolder> folder,
              const EmbeddedLogOptions& options);
  absl::Status Start(const LogWriter::Options& options);

  void OnFile(std::uint64_t start, std::shared_ptr<LogFile> file) override;
  void OnRecord(const RecordHeader& record) override;
  void OnNewFile(std::uint64_t start, std::shared_ptr<LogFile> file) override;
  void OnDurable(std::span<PendingRecord> records) override;

  absl::StatusOr<TopicPtr> FindLocked(std::string_view topic) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Replace(const LogTable& table)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(control_mutex_);

  const std::unique_ptr<LogFolder> folder_;
  const base::Clock& clock_;
  const LogRetries retries_;
  std::uint64_t cut_bytes_ = 0;

  // Held over the writing of the table, so that tables follow one another;
  // never needed to append or to read. Taken before mutex_.
  base::Mutex control_mutex_;
  base::Mutex mutex_;
  LogState state_ ABSL_GUARDED_BY(mutex_);

  std::unique_ptr<LogWriter> writer_;  // last: its thread uses the rest
};

}  // namespace elanus::storage

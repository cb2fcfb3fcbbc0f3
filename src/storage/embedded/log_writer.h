// The one thread that writes the embedded log. Whoever appends while it syncs
// is gathered into the next batch: one write and one fdatasync for all waiting
// writers of all topics.
//
// After a failed write or sync nobody knows what the disk holds, so the writer
// refuses appends until the log is opened again. The exception is a full disk,
// found before the sync: the started batch is taken back and the writer goes
// on.
//
// Threads:   Append, stats and Stop from any thread. The client's methods and
//            the Done functions run on the writer's thread.
// Source:    group commit: DeWitt et al., "Implementation Techniques for Main
//            Memory Database Systems", SIGMOD 1984, section 5.2.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "base/buffer.h"
#include "base/mutex.h"
#include "storage/embedded/log_file.h"
#include "storage/embedded/log_format.h"
#include "storage/log_broker.h"

namespace elanus::storage {

struct LogWriterStats {
  std::uint64_t records = 0;  // durable
  std::uint64_t syncs = 0;    // one a batch
};

struct PendingRecord {
  std::uint32_t topic = 0;
  std::uint32_t payload_crc = 0;
  std::uint64_t place = 0;  // set by the writer
  base::Buffer bytes;
  AppendDone done;
};

// Told what the writer did, in the log's order.
class LogWriterClient {
 public:
  virtual ~LogWriterClient() = default;
  virtual void OnNewFile(std::uint64_t start,
                         std::shared_ptr<LogFile> file) = 0;
  // The records are durable; calls each one's Done.
  virtual void OnDurable(std::span<PendingRecord> records) = 0;
};

class LogWriter {
 public:
  struct Options {
    std::uint64_t file_bytes = 64ULL << 20;    // a bigger record gets its own
    std::uint64_t queue_bytes = 512ULL << 20;  // beyond it appends are refused
    std::uint64_t batch_bytes = 32ULL << 20;
  };

  // Appends to `file`, whose first byte has the place `start`. `folder` and
  // `client` must outlive the writer.
  LogWriter(Options options, LogFolder& folder, LogWriterClient& client,
            std::uint64_t start, std::shared_ptr<LogFile> file);
  ~LogWriter();  // Stop()

  void Append(PendingRecord record);

  // Writes what is queued, then ends the thread. Idempotent.
  void Stop();

  LogWriterStats stats() const;

 private:
  using Batch = std::vector<PendingRecord>;

  void RunThread();
  Batch TakeBatch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Commit(std::span<PendingRecord> batch);
  // How many of the records go into the file as it is; none: a new file.
  std::size_t CountFitting(std::span<const PendingRecord> batch) const;
  absl::Status Write(std::span<PendingRecord> records);
  absl::Status TakeBack(const absl::Status& cause);
  absl::Status StartNextFile();
  absl::Status RefusalLocked(std::size_t bytes) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  LogFolder& folder_;
  LogWriterClient& client_;

  // Of the writer's thread.
  std::uint64_t start_;
  std::shared_ptr<LogFile> file_;

  mutable base::Mutex mutex_;
  base::CondVar wake_;
  std::deque<PendingRecord> queue_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t queued_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status broken_ ABSL_GUARDED_BY(mutex_);
  LogWriterStats stats_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace elanus::storage

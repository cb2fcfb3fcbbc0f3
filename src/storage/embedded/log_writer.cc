#include "storage/embedded/log_writer.h"

#include <array>
#include <string>
#include <utility>

#include "base/idle_thread.h"
#include "base/log.h"
#include "storage/embedded/log_scan.h"
#include "storage/errors.h"

namespace elanus::storage {
namespace {

using base::ErrorCode;

constexpr std::array<std::byte, kRecordAlignment> kPadding{};

void FailAll(std::span<PendingRecord> records, const absl::Status& status) {
  for (PendingRecord& record : records) record.done(status);
}

bool IsDiskFull(const absl::Status& status) {
  return base::CodeOf(status) == ErrorCode::kDiskLimitExceeded;
}

absl::Status Refused(const absl::Status& cause) {
  return base::MakeRetriable(
      ErrorCode::kServiceUnavailable,
      fmt::format("the log takes no writes until it is opened again: {}",
                  base::MessageOf(cause)));
}

}  // namespace

LogWriter::LogWriter(Options options, LogFolder& folder,
                     LogWriterClient& client, std::uint64_t start,
                     std::shared_ptr<LogFile> file)
    : options_(options),
      folder_(folder),
      client_(client),
      start_(start),
      file_(std::move(file)),
      thread_([this] { RunThread(); }) {}

LogWriter::~LogWriter() { Stop(); }

void LogWriter::Stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

LogWriterStats LogWriter::stats() const {
  base::MutexLock lock(mutex_);
  return stats_;
}

absl::Status LogWriter::RefusalLocked(std::size_t bytes) const {
  if (!broken_.ok()) return Refused(broken_);
  if (stopping_) {
    return base::Error(ErrorCode::kServiceUnavailable, "the log is closing");
  }
  if (!queue_.empty() && queued_bytes_ + bytes > options_.queue_bytes) {
    return base::Error(ErrorCode::kTooManyRequests,
                       "{} bytes wait for the log already, at most {}",
                       queued_bytes_, options_.queue_bytes);
  }
  return absl::OkStatus();
}

void LogWriter::Append(PendingRecord record) {
  const std::size_t bytes = record.bytes.size();
  absl::Status refusal;
  {
    base::MutexLock lock(mutex_);
    refusal = RefusalLocked(bytes);
    if (refusal.ok()) {
      queued_bytes_ += bytes;
      queue_.push_back(std::move(record));
      wake_.NotifyOne();
      return;
    }
  }
  record.done(std::move(refusal));
}

void LogWriter::RunThread() {
  base::IdleThread idle;
  for (;;) {
    Batch batch;
    absl::Status broken;
    {
      base::MutexLock lock(mutex_);
      while (queue_.empty() && !stopping_) idle.Wait(wake_, mutex_);
      if (queue_.empty()) return;
      batch = TakeBatch();
      broken = broken_;
    }
    idle.Works();
    if (broken.ok()) {
      Commit(batch);
    } else {
      FailAll(batch, Refused(broken));
    }
  }
}

LogWriter::Batch LogWriter::TakeBatch() {
  Batch batch;
  std::uint64_t bytes = 0;
  while (!queue_.empty()) {
    bytes += queue_.front().bytes.size();
    if (!batch.empty() && bytes > options_.batch_bytes) break;
    queued_bytes_ -= queue_.front().bytes.size();
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return batch;
}

std::size_t LogWriter::CountFitting(
    std::span<const PendingRecord> batch) const {
  std::uint64_t size = file_->size();
  // A record that fits into no file gets one of its own.
  const bool is_fresh = size == kLogFileHeaderBytes;
  std::size_t count = 0;
  while (count < batch.size()) {
    size += RecordSpace(batch[count].bytes.size());
    if (size > options_.file_bytes && !(is_fresh && count == 0)) break;
    ++count;
  }
  return count;
}

void LogWriter::Commit(std::span<PendingRecord> batch) {
  while (!batch.empty()) {
    const std::size_t count = CountFitting(batch);
    const auto tried = batch.first(count);
    const absl::Status status = count == 0 ? StartNextFile() : Write(tried);
    batch = batch.subspan(count);
    if (status.ok()) {
      if (count > 0) client_.OnDurable(tried);
      continue;
    }
    LOG_ERROR("append to the log: {}", base::MessageOf(status));
    FailAll(tried, status);
    // Nothing was written of what stands behind the records that were tried.
    FailAll(batch, IsOutcomeUnknown(status) ? Refused(status) : status);
    return;
  }
}

absl::Status LogWriter::Write(std::span<PendingRecord> records) {
  const std::uint64_t durable = start_ + file_->size();
  std::uint64_t place = durable;
  std::vector<RecordHeaderBytes> headers(records.size());
  std::vector<std::span<const std::byte>> parts;
  parts.reserve(records.size() * 3);
  for (std::size_t i = 0; i < records.size(); ++i) {
    PendingRecord& record = records[i];
    const std::size_t size = record.bytes.size();
    record.place = place;
    headers[i] = EncodeRecordHeader({.place = place,
                                     .durable = durable,
                                     .size = static_cast<std::uint32_t>(size),
                                     .topic = record.topic},
                                    record.payload_crc);
    parts.emplace_back(headers[i]);
    if (size > 0) parts.push_back(record.bytes.bytes());
    const std::uint64_t space = RecordSpace(size);
    const std::size_t padding = space - kRecordHeaderBytes - size;
    if (padding > 0) parts.push_back(std::span(kPadding).first(padding));
    place += space;
  }
  absl::Status status = file_->Append(parts);
  if (!status.ok()) return TakeBack(status);
  status = file_->Sync();
  base::MutexLock lock(mutex_);
  if (status.ok()) {
    stats_.records += records.size();
    ++stats_.syncs;
    return status;
  }
  broken_ = status;
  return OutcomeUnknown(std::string(base::MessageOf(status)));
}

// Nothing of the batch was synced; a full disk is a state that passes, so the
// log goes on as if the batch had never been tried.
absl::Status LogWriter::TakeBack(const absl::Status& cause) {
  absl::Status status = cause;
  if (IsDiskFull(cause)) {
    status = file_->Truncate(file_->size());
    if (status.ok()) status = file_->Sync();
    if (status.ok()) return cause;
  }
  base::MutexLock lock(mutex_);
  broken_ = status;
  return OutcomeUnknown(std::string(base::MessageOf(status)));
}

absl::Status LogWriter::StartNextFile() {
  const std::uint64_t start = start_ + file_->size();
  auto file = CreateLogFile(folder_, start);
  if (!file.ok()) {
    if (IsDiskFull(file.status())) return file.status();
    const absl::Status& status = file.status();
    base::MutexLock lock(mutex_);
    broken_ = status;
    return Refused(status);
  }
  start_ = start;
  file_ = *std::move(file);
  client_.OnNewFile(start_, file_);
  return absl::OkStatus();
}

}  // namespace elanus::storage

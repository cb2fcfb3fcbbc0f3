#include "storage/embedded/log_follower.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "base/idle_thread.h"
#include "base/log.h"
#include "storage/embedded/log_format.h"
#include "storage/errors.h"

namespace elanus::storage {
namespace {

// How much a follower takes at a time; bounds what it keeps alive.
constexpr std::size_t kMaxRecordsTaken = 256;
constexpr std::uint64_t kMaxBytesTaken = 8ULL << 20;

// Between the tries of a read that fails; doubles each time.
constexpr std::chrono::milliseconds kRetryMin{10};
constexpr std::chrono::milliseconds kRetryMax{2000};

// What is damaged, cut short, gone or truncated stays so.
bool MayPass(const absl::Status& status) {
  const base::ErrorCode code = base::CodeOf(status);
  return code == base::ErrorCode::kIoFailed ||
         code == base::ErrorCode::kDiskLimitExceeded;
}

absl::StatusOr<base::Buffer> ReadRecord(const RecordRef& ref) {
  // The record itself starts at a multiple of the alignment, as in memory.
  constexpr std::size_t kLead =
      base::AlignedBytes::kAlignment - kRecordHeaderBytes;
  const std::uint64_t space = RecordSpace(ref.size);
  base::AlignedBytes bytes(kLead + space);
  const auto whole = bytes.bytes().subspan(kLead);
  RETURN_IF_ERROR(ref.file->Read(ref.place - ref.file_start, whole));
  const auto header = CheckRecord(whole, ref.place);
  if (!header.has_value() || header->size != ref.size) {
    return base::DataLoss("log file {} is damaged at offset {}",
                          LogFileName(ref.file_start),
                          ref.place - ref.file_start);
  }
  return std::move(bytes).Freeze().Slice(kLead + kRecordHeaderBytes, ref.size);
}

class Follower final : public LogFollower {
 public:
  Follower(LogView view, LogState::TopicPtr topic, std::uint64_t place,
           LogSink& sink)
      : view_(view),
        topic_(std::move(topic)),
        sink_(sink),
        place_(place),
        thread_([this] { RunThread(); }) {}

  ~Follower() override {
    {
      base::MutexLock lock(view_.mutex);
      stopping_ = true;
    }
    topic_->changed.NotifyAll();
    retry_.NotifyAll();
    thread_.join();
  }

 private:
  struct Step {
    absl::Status status;
    bool stop = false;
    bool at_end = false;  // with `records` nothing is left to give
    std::uint64_t end = 0;
    std::int64_t asked_at_ns = 0;
    std::vector<RecordRef> records;
  };

  void RunThread() {
    for (;;) {
      Step step = WaitForStep();
      if (step.stop) return;
      absl::Status status = step.status;
      for (RecordRef& record : step.records) {
        if (!status.ok()) break;
        status = Give(record);
        // Without the mutex: the followers of all topics share it.
        if (stopping_.load(std::memory_order_relaxed)) return;
      }
      if (!status.ok()) {
        if (WaitToRetry(status)) continue;
        sink_.OnError(status);
        return;
      }
      if (step.at_end) {
        sink_.OnEnd(PositionOf(step.end), step.asked_at_ns);
        told_end_ = true;
      }
    }
  }

  // What to do next; waits while the sink knows all there is.
  Step WaitForStep() {
    base::MutexLock lock(view_.mutex);
    for (;;) {
      Step step;
      step.stop = stopping_;
      if (stopping_) return step;
      if (topic_->dropped) {
        step.status = TopicNotFound(topic_->name);
        return step;
      }
      if (place_ < topic_->truncated) {
        step.status = TruncatedAt(*topic_, place_);
        return step;
      }
      const bool has_records =
          !topic_->records.empty() && topic_->records.back().place >= place_;
      if (has_records || !told_end_) {
        idle_.Works();
        step.asked_at_ns = view_.clock.MonotonicNs();
        step.end = topic_->end;
        step.records = view_.state.Collect(*topic_, place_, kMaxRecordsTaken,
                                           kMaxBytesTaken);
        step.at_end = step.records.empty() ||
                      step.records.back().place == topic_->records.back().place;
        return step;
      }
      idle_.Wait(topic_->changed, view_.mutex);
    }
  }

  // False if nothing is gained by another try from place_.
  bool WaitToRetry(const absl::Status& status) {
    if (!view_.retries.enabled || !MayPass(status)) return false;
    if (view_.retries.failed_reads != nullptr) {
      view_.retries.failed_reads->Add();
    }
    if (failures_++ == 0) {
      LOG_ERROR("topic {} is not followed for now, tried again: {}",
                topic_->name, base::MessageOf(status));
    }
    base::MutexLock lock(view_.mutex);
    if (!stopping_) retry_.WaitFor(view_.mutex, delay_);
    delay_ = std::min(delay_ * 2, kRetryMax);
    return true;
  }

  void ReadWorks() {
    if (failures_ == 0) return;
    LOG_INFO("topic {} is followed again, after {} failed reads", topic_->name,
             failures_);
    failures_ = 0;
    delay_ = kRetryMin;
  }

  absl::Status Give(RecordRef& ref) {
    base::Buffer record = std::move(ref.bytes);
    if (!ref.cached) {
      ASSIGN_OR_RETURN(record, ReadRecord(ref));
      ReadWorks();
    }
    const std::uint64_t next = ref.place + RecordSpace(ref.size);
    sink_.OnRecord(PositionOf(ref.place), PositionOf(next), std::move(record));
    place_ = next;
    return absl::OkStatus();
  }

  LogView view_;
  const LogState::TopicPtr topic_;
  LogSink& sink_;
  // Of the thread.
  std::uint64_t place_;
  bool told_end_ = false;
  std::uint64_t failures_ = 0;  // of reads, in a row
  std::chrono::milliseconds delay_ = kRetryMin;
  base::IdleThread idle_;

  base::CondVar retry_;
  std::atomic<bool> stopping_{false};  // set under view_.mutex
  std::thread thread_;
};

}  // namespace

std::unique_ptr<LogFollower> MakeFollower(LogView view,
                                          LogState::TopicPtr topic,
                                          std::uint64_t place, LogSink& sink) {
  return std::make_unique<Follower>(view, std::move(topic), place, sink);
}

absl::Status TruncatedAt(const LogState::Topic& topic, std::uint64_t place) {
  return Truncated(fmt::format(
      "topic {} was truncated before {}, records from {} on were asked for",
      topic.name, PositionOf(topic.truncated).ToString(),
      PositionOf(place).ToString()));
}

}  // namespace elanus::storage

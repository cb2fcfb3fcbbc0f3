// What tests of log brokers need: a sink that remembers and waits, and appends
// that wait.
//
// Threads: any.
#pragma once

#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "storage/log_broker.h"

namespace elanus::testing {

// How long a test waits for what must come; only a failing one waits so long.
inline constexpr std::chrono::seconds kPatience{20};

class CollectingSink final : public storage::LogSink {
 public:
  struct Record {
    storage::Position position;
    storage::Position next;
    base::Buffer bytes;
  };

  void OnRecord(const storage::Position& position,
                const storage::Position& next, base::Buffer bytes) override {
    base::MutexLock lock(mutex_);
    records_.push_back({position, next, std::move(bytes)});
    changed_.NotifyAll();
    while (held_) changed_.Wait(mutex_);
  }
  void OnEnd(const storage::Position& end, std::int64_t asked_at_ns) override {
    base::MutexLock lock(mutex_);
    end_ = end;
    asked_at_ns_ = asked_at_ns;
    ++ends_;
    changed_.NotifyAll();
  }
  void OnError(const absl::Status& status) override {
    base::MutexLock lock(mutex_);
    error_ = status;
    changed_.NotifyAll();
  }

  // While held, OnRecord does not return.
  void Hold(bool held) {
    base::MutexLock lock(mutex_);
    held_ = held;
    changed_.NotifyAll();
  }

  // The records, once there are `count`, or what there is after a long time.
  std::vector<Record> WaitForRecords(std::size_t count) {
    base::MutexLock lock(mutex_);
    WaitUntil([&] { return records_.size() >= count; });
    return records_;
  }
  std::vector<std::string> WaitForTexts(std::size_t count) {
    std::vector<std::string> texts;
    for (const Record& record : WaitForRecords(count)) {
      texts.emplace_back(record.bytes.view());
    }
    return texts;
  }
  // True once OnEnd was called with `end` or a later one.
  bool WaitForEnd(const storage::Position& end) {
    base::MutexLock lock(mutex_);
    return WaitUntil([&] { return ends_ > 0 && end_ >= end; });
  }
  bool IsAtEndOrFailed() {
    base::MutexLock lock(mutex_);
    return ends_ > 0 || !error_.ok();
  }
  absl::Status WaitForError() {
    base::MutexLock lock(mutex_);
    WaitUntil([&] { return !error_.ok(); });
    return error_;
  }
  std::int64_t asked_at_ns() {
    base::MutexLock lock(mutex_);
    return asked_at_ns_;
  }

 private:
  template <typename Condition>
  bool WaitUntil(Condition condition) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto give_up = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
      const auto now = std::chrono::steady_clock::now();
      if (now >= give_up) return false;
      changed_.WaitFor(mutex_, give_up - now);
    }
    return true;
  }

  base::Mutex mutex_;
  base::CondVar changed_;
  std::vector<Record> records_ ABSL_GUARDED_BY(mutex_);
  storage::Position end_ ABSL_GUARDED_BY(mutex_);
  std::int64_t asked_at_ns_ ABSL_GUARDED_BY(mutex_) = 0;
  int ends_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
};

using AppendFuture = std::future<absl::StatusOr<storage::AppendResult>>;

inline AppendFuture StartAppend(storage::LogBroker& broker,
                                std::string_view topic, std::string text) {
  std::promise<absl::StatusOr<storage::AppendResult>> promise;
  AppendFuture future = promise.get_future();
  broker.Append(topic, base::Buffer::FromString(std::move(text)),
                [promise = std::move(promise)](auto result) mutable {
                  promise.set_value(std::move(result));
                });
  return future;
}

inline absl::StatusOr<storage::AppendResult> AppendAndWait(
    storage::LogBroker& broker, std::string_view topic, std::string text) {
  return StartAppend(broker, topic, std::move(text)).get();
}

inline absl::StatusOr<storage::Position> EndOf(storage::LogBroker& broker,
                                               std::string_view topic) {
  std::promise<absl::StatusOr<storage::Position>> promise;
  auto future = promise.get_future();
  broker.End(topic,
             [&promise](auto end) { promise.set_value(std::move(end)); });
  return future.get();
}

// All records of a topic from a position on, up to its end now.
inline absl::StatusOr<std::vector<std::string>> ReadAll(
    storage::LogBroker& broker, std::string_view topic,
    const storage::Position& from = {}) {
  ASSIGN_OR_RETURN(const storage::Position end, EndOf(broker, topic));
  CollectingSink sink;
  ASSIGN_OR_RETURN(const auto follower, broker.Follow(topic, from, sink));
  if (!sink.WaitForEnd(end)) {
    return base::Error(base::ErrorCode::kUnexpected,
                       "the follower did not get to the end");
  }
  return sink.WaitForTexts(0);
}

}  // namespace elanus::testing

// A LogBroker that misbehaves by script. Operations: "Append" (kDuplicate puts
// the record twice), "End", "Follow", "TruncateBefore". Appends can also be
// kept back and let go later, in order; Hold is not for them.
//
//   FaultyLogBroker broker(real);
//   broker.script().Next("Append", Fault::kLoseAnswer);
//   broker.KeepAppends(true);
//
// What a disk does to the embedded log: testing/faulty_log_folder.h.
//
// Threads:   any.
// Ownership: borrows the real broker.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "storage/errors.h"
#include "storage/log_broker.h"
#include "testing/fault_script.h"

namespace elanus::testing {

class FaultyLogBroker final : public storage::LogBroker {
 public:
  explicit FaultyLogBroker(storage::LogBroker& real) : real_(real) {}

  FaultScript& script() { return script_; }

  // While kept, appends wait; those that waited go on when it ends.
  void KeepAppends(bool keep) {
    std::deque<Kept> kept;
    {
      base::MutexLock lock(mutex_);
      keep_ = keep;
      if (!keep) kept.swap(kept_);
    }
    for (Kept& append : kept) {
      Forward(append.topic, std::move(append.record), std::move(append.done));
    }
  }
  std::size_t kept_appends() {
    base::MutexLock lock(mutex_);
    return kept_.size();
  }

  void Append(std::string_view topic, base::Buffer record,
              storage::AppendDone done) override {
    {
      base::MutexLock lock(mutex_);
      if (keep_) {
        kept_.push_back(
            {std::string(topic), std::move(record), std::move(done)});
        return;
      }
    }
    Forward(topic, std::move(record), std::move(done));
  }
  absl::StatusOr<std::unique_ptr<storage::LogFollower>> Follow(
      std::string_view topic, const storage::Position& from,
      storage::LogSink& sink) override {
    if (script_.Take("Follow") != Fault::kNone) return Away();
    return real_.Follow(topic, from, sink);
  }
  void End(std::string_view topic, storage::EndDone done) override {
    if (script_.Take("End") != Fault::kNone) {
      done(Away());
      return;
    }
    real_.End(topic, std::move(done));
  }
  absl::Status TruncateBefore(std::string_view topic,
                              const storage::Position& position) override {
    if (script_.Take("TruncateBefore") != Fault::kNone) return Away();
    return real_.TruncateBefore(topic, position);
  }
  absl::Status CreateTopics(std::span<const std::string> topics) override {
    return real_.CreateTopics(topics);
  }
  absl::StatusOr<std::vector<std::string>> ListTopics() override {
    return real_.ListTopics();
  }
  absl::Status DropTopic(std::string_view topic) override {
    return real_.DropTopic(topic);
  }

 private:
  struct Kept {
    std::string topic;
    base::Buffer record;
    storage::AppendDone done;
  };

  static absl::Status Away() {
    return base::Error(base::ErrorCode::kServiceUnavailable,
                       "log broker is away (injected)");
  }

  void Forward(std::string_view topic, base::Buffer record,
               storage::AppendDone done) {
    switch (script_.Take("Append")) {
      case Fault::kFail:
      case Fault::kTear:
        done(Away());
        return;
      case Fault::kDrop:
        done(storage::OutcomeUnknown("injected"));
        return;
      case Fault::kLoseAnswer:
        real_.Append(topic, std::move(record),
                     [done = std::move(done)](auto) mutable {
                       done(storage::OutcomeUnknown("injected"));
                     });
        return;
      case Fault::kDuplicate:
        real_.Append(topic, record, [](auto) {});
        break;
      case Fault::kNone:
        break;
    }
    real_.Append(topic, std::move(record), std::move(done));
  }

  storage::LogBroker& real_;
  FaultScript script_;
  base::Mutex mutex_;
  bool keep_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<Kept> kept_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::testing

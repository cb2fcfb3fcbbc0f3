// Two threads for a job that only one of them may be at, such as waiting for
// events. The one whose turn it is may also do work that an event asks for,
// which spares handing it to a third thread; where that takes long, the other
// one takes the turn, and the job goes on beside the work.
//
//   Relay relay({.name = "events"}, [&](Relay::Turn& turn) {
//     const std::optional<Event> event = WaitForEvent();
//     if (!event.has_value()) return false;  // the end
//     if (turn.MayRun()) turn.Run([&] { Handle(*event); });
//     return true;
//   });
//   ...
//   relay.Join();
//
// The other thread wakes once in kPatience while work is done this way, and
// sleeps while there is none.
//
// Threads:   a step runs on one of the relay's threads at a time and sees what
//            the step before did. Work whose turn was taken runs beside the
//            next steps. Join from elsewhere.
// Ownership: what step and work refer to lives until Join returns.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "base/mutex.h"

namespace elanus::base {

struct RelayOptions {
  std::string name;  // shown by top and gdb; at most 15 characters
};

class Relay {
 public:
  // Work keeps the turn for so long, and at most twice as long.
  static constexpr std::chrono::milliseconds kPatience{1};

  class Turn {
   public:
    // Is the other thread there, to take the turn if need be?
    bool MayRun() const {
      return relay_.has_other_.load(std::memory_order_relaxed);
    }
    // Does `work` on this thread, if MayRun. False if the other thread has the
    // turn now: the rest of the step must leave the job alone.
    bool Run(absl::FunctionRef<void()> work);

   private:
    friend class Relay;
    explicit Turn(Relay& relay) : relay_(relay) {}

    Relay& relay_;
    bool is_mine_ = true;
  };

  // One step of the job; false ends it.
  using Step = std::function<bool(Turn&)>;

  Relay(RelayOptions options, Step step);
  ~Relay();  // Join()
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // Waits until a step has ended the job. Idempotent.
  void Join();

 private:
  static constexpr std::uint64_t kNoRun = 0;

  void RunThread();
  // False at the end of the job.
  bool WaitForTurn();
  // One look at the work under way; true if the turn was taken from it.
  bool Watch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void StartWatching();
  void End();

  const RelayOptions options_;
  const Step step_;

  // Works are numbered. Whoever replaces the number of the one under way by
  // kNoRun has the turn: its thread at the end, or the other one.
  std::atomic<std::uint64_t> running_{kNoRun};
  std::atomic<std::uint64_t> runs_{0};
  std::atomic<bool> is_watching_{false};
  std::atomic<bool> has_other_{false};

  Mutex mutex_;
  CondVar wake_;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace elanus::base

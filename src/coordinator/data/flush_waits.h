// Answers "is it flushed?" when it is, or after a while: a client that hears
// "not yet" sleeps before it asks again, and its flush takes as much longer.
//
//   FlushWaits waits(timer, [&](const FlushWaits::Question& question) {
//     return ...;
//   });
//   waits.Ask(ctx, {.collection = 7, .flush_ts = time},
//             [](bool is_flushed) { ... });
//   waits.Look(7);    // something of collection 7 was flushed
//
// Threads:   any. Answers come on the thread of Ask, Look, Stop or the timer.
// Ownership: the timer runs nothing after the object is gone: its owner stops
//            it before.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>

#include "absl/functional/any_invocable.h"
#include "base/mutex.h"
#include "base/op_context.h"
#include "base/timer.h"

namespace elanus::coordinator {

class FlushWaits {
 public:
  struct Question {
    std::int64_t collection = 0;
    std::uint64_t flush_ts = 0;
  };
  using IsFlushed = std::function<bool(const Question&)>;
  using Answer = absl::AnyInvocable<void(bool is_flushed)>;

  // Nobody waits longer, nor longer than half of the time that is left.
  static constexpr std::chrono::milliseconds kWaitMax{2000};

  FlushWaits(base::Timer& timer, IsFlushed is_flushed)
      : timer_(timer), is_flushed_(std::move(is_flushed)) {}

  void Ask(const base::OpContext& ctx, const Question& question, Answer answer);
  void Look(std::int64_t collection);
  // All that wait are answered now, and nobody waits any more.
  void Stop();

 private:
  struct Waiting {
    Question question;
    Answer answer;
  };

  void Expire(std::uint64_t number);

  base::Timer& timer_;
  const IsFlushed is_flushed_;
  base::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::uint64_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::uint64_t, Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::coordinator

// Executor, timer and clock of a whole simulated process, on one thread: a
// task runs when the test says so, which one is drawn by seed, and time passes
// only when nothing else is left to do. The same seed gives the same run.
//
//   Scheduler scheduler;
//   scheduler.Reseed(7);
//   scheduler.RunUntil([&] { return answered; }, 30'000);
//
// Threads:   one.
// Ownership: must outlive whoever submits to it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/timer.h"

namespace elanus::model {

class Scheduler final : public base::Executor,
                        public base::Timer,
                        public base::Clock {
 public:
  void Reseed(std::uint64_t seed) { random_.seed(seed); }

  // base::Executor
  void Submit(base::Task task) override {
    if (open_) ready_.push_back(std::move(task));
  }
  std::size_t width() const override { return 1; }

  // base::Timer
  Id After(std::chrono::milliseconds delay, base::Task task) override {
    const Id id{next_id_++};
    if (!open_) return id;
    const std::int64_t due = now_ns_ + delay.count() * 1'000'000;
    due_[id] = due;
    timers_.emplace(std::pair(due, id), std::move(task));
    return id;
  }
  bool Cancel(Id id) override {
    const auto it = due_.find(id);
    if (it == due_.end()) return false;
    timers_.erase({it->second, id});
    due_.erase(it);
    return true;
  }

  // base::Clock
  std::int64_t WallMs() const override {
    return kStartMs + now_ns_ / 1'000'000;
  }
  std::int64_t MonotonicNs() const override { return now_ns_; }

  // Runs one of the tasks that are ready; false if there is none.
  bool RunOne() {
    if (ready_.empty()) return false;
    std::swap(ready_[random_() % ready_.size()], ready_.back());
    base::Task task = std::move(ready_.back());
    ready_.pop_back();
    Note(ready_.size());
    Note(static_cast<std::uint64_t>(now_ns_));
    // Now and then a thread is late.
    Pass(now_ns_ + (random_() % 64 == 0 ? LateNs() : kTaskNs));
    task();
    return true;
  }

  // Until `done` holds, for at most so much simulated time.
  bool RunUntil(const std::function<bool()>& done, std::int64_t patience_ms) {
    const std::int64_t end = now_ns_ + patience_ms * 1'000'000;
    while (!done()) {
      if (RunOne()) continue;
      const std::int64_t next =
          timers_.empty() ? end : std::min(end, timers_.begin()->first.first);
      if (next >= end) {
        Pass(end);
        return done();
      }
      Pass(next);
    }
    return true;
  }

  // Lets time pass, with all that happens in it.
  void Advance(std::int64_t ms) {
    RunUntil([] { return false; }, ms);
  }

  // Of all that was run so far, and when: the same for the same run.
  std::uint64_t fingerprint() const { return fingerprint_; }

  // Drops all tasks, and what is submitted from now on until Open.
  void Close() {
    open_ = false;
    ready_.clear();
    timers_.clear();
    due_.clear();
  }
  void Open() { open_ = true; }

 private:
  static constexpr std::int64_t kStartMs = 1'700'000'000'000;
  static constexpr std::int64_t kTaskNs = 20'000;

  std::int64_t LateNs() {
    return static_cast<std::int64_t>(random_() % 300) * 1'000'000;
  }

  void Note(std::uint64_t what) {
    fingerprint_ = (fingerprint_ ^ what) * 0x9E3779B97F4A7C15ULL;
    fingerprint_ ^= fingerprint_ >> 32;
  }

  void Pass(std::int64_t to_ns) {
    now_ns_ = std::max(now_ns_, to_ns);
    while (!timers_.empty() && timers_.begin()->first.first <= now_ns_) {
      auto first = timers_.extract(timers_.begin());
      due_.erase(first.key().second);
      ready_.push_back(std::move(first.mapped()));
    }
  }

  std::mt19937_64 random_;
  std::uint64_t fingerprint_ = 0;
  std::int64_t now_ns_ = 1'000'000'000;
  bool open_ = true;
  std::uint64_t next_id_ = 1;
  std::vector<base::Task> ready_;
  std::map<std::pair<std::int64_t, Id>, base::Task> timers_;
  std::map<Id, std::int64_t> due_;
};

}  // namespace elanus::model

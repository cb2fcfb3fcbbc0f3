// Fixed pools of threads that run short tasks. A task never blocks on another
// task: what has to wait parks as an object in a list and is submitted again.
//
//   ThreadPool pool({.name = "reads", .threads = 2});
//   pool.Submit([...] { ... });
//
// Threads:   Submit from any thread, also from a task.
// Ownership: the pool belongs to the process; roles borrow an Executor.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "base/mutex.h"
#include "base/status.h"

namespace elanus::base {

class ReadTraffic;

using Task = absl::AnyInvocable<void()>;

// Told the outcome of an asynchronous call, exactly once, perhaps before the
// call returns.
using Done = absl::AnyInvocable<void(absl::Status)>;

class Executor {
 public:
  virtual ~Executor() = default;

  // Runs `task` once, on one of the executor's threads. After Stop the task is
  // destroyed without having run.
  virtual void Submit(Task task) = 0;

  // How many tasks can run at the same time.
  virtual std::size_t width() const = 0;
};

struct ThreadPoolOptions {
  std::string name;         // shown by top and gdb; at most 15 characters
  std::size_t threads = 1;  // at least 1
  int nice = 0;             // 0..19
  // Background work gives way to reads (give_way.h); borrowed, may be null.
  const ReadTraffic* gives_way_to = nullptr;
};

class ThreadPool final : public Executor {
 public:
  explicit ThreadPool(ThreadPoolOptions options);
  ~ThreadPool() override;  // Stop()

  void Submit(Task task) override;
  std::size_t width() const override { return options_.threads; }

  // Runs what is queued, then ends the threads. Idempotent. Not from a task.
  void Stop();

  // Tasks that wait for a thread.
  std::size_t queued() const;

 private:
  void RunThread();

  const ThreadPoolOptions options_;
  mutable Mutex mutex_;
  CondVar wake_;
  std::deque<Task> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

// Runs each task at once on the caller's thread; for tests.
class InlineExecutor final : public Executor {
 public:
  void Submit(Task task) override { task(); }
  std::size_t width() const override { return 1; }
};

}  // namespace elanus::base

// An executor whose tasks wait until the test runs them.
//
// Threads: one.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include "base/executor.h"

namespace elanus::testing {

class HeldExecutor final : public base::Executor {
 public:
  explicit HeldExecutor(std::size_t width = 1) : threads(width) {}

  void Submit(base::Task task) override { tasks.push_back(std::move(task)); }
  std::size_t width() const override { return threads; }
  // Those as well that they submit. A task may call it.
  void RunAll() {
    while (!tasks.empty()) {
      base::Task task = std::move(tasks.front());
      tasks.pop_front();
      task();
    }
  }

  std::deque<base::Task> tasks;
  std::size_t threads;
};

}  // namespace elanus::testing

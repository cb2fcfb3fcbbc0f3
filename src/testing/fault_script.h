// When a faulty wrapper misbehaves, and how: by call count or by a seed.
//
//   FaultScript script;
//   script.Next("Txn", Fault::kLoseAnswer, /*skipped=*/2);  // the third one
//   script.Randomly(seed, 0.1, {Fault::kFail, Fault::kDuplicate});
//   script.Hold("Append", true);                            // until false
//
// Threads: any.
#pragma once

#include <deque>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace elanus::testing {

enum class Fault {
  kNone,
  kFail,        // nothing is done, a retriable error is answered
  kDrop,        // nothing is done, "outcome unknown" is answered
  kLoseAnswer,  // it is done, "outcome unknown" is answered
  kDuplicate,   // it is done twice
  kTear,        // the bytes that are read come back damaged
};

class FaultScript {
 public:
  // The call of `op` after `skipped` more.
  void Next(const std::string& op, Fault fault, int skipped = 0) {
    base::MutexLock lock(mutex_);
    planned_[op].emplace_back(calls_[op] + skipped, fault);
  }

  // Each call that is not planned, with the given probability.
  void Randomly(unsigned seed, double probability, std::vector<Fault> faults) {
    base::MutexLock lock(mutex_);
    random_.seed(seed);
    probability_ = probability;
    faults_ = std::move(faults);
  }

  // Calls of `op` wait while held.
  void Hold(const std::string& op, bool hold) {
    base::MutexLock lock(mutex_);
    held_[op] = hold;
    changed_.NotifyAll();
  }

  int calls(const std::string& op) {
    base::MutexLock lock(mutex_);
    return calls_[op];
  }

  // For the wrappers: counts a call, waits while it is held, and tells what
  // shall happen to it.
  Fault Take(const std::string& op) {
    base::MutexLock lock(mutex_);
    const int call = calls_[op]++;
    changed_.NotifyAll();
    while (held_[op]) changed_.Wait(mutex_);
    for (const auto& [planned, fault] : planned_[op]) {
      if (planned == call) return fault;
    }
    if (faults_.empty() ||
        std::uniform_real_distribution<>()(random_) >= probability_) {
      return Fault::kNone;
    }
    return faults_[random_() % faults_.size()];
  }

 private:
  base::Mutex mutex_;
  base::CondVar changed_;
  std::map<std::string, int> calls_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, bool> held_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::deque<std::pair<int, Fault>>> planned_
      ABSL_GUARDED_BY(mutex_);
  std::mt19937 random_ ABSL_GUARDED_BY(mutex_);
  double probability_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Fault> faults_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::testing

// What goes wrong with a storage call, drawn by seed. One object for all three
// services of a process: the process can die at any of their calls.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <random>

namespace elanus::model {

enum class Fault {
  kNone,
  kFail,       // nothing is done, a retriable error is answered
  kDrop,       // nothing is done, "outcome unknown" is answered
  kLose,       // it is done, "outcome unknown" is answered
  kDuplicate,  // it is done twice
  kLate,       // "outcome unknown" is answered, and it is done after that
  kTear,       // the bytes that are read come back damaged
};

class Faults {
 public:
  void Reseed(std::uint64_t seed) { random_.seed(seed); }
  // The share of calls that fail.
  void set_rate(double rate) { rate_ = rate; }
  double rate() const { return rate_; }
  // The process dies at this call from now on; negative: it does not.
  void DieIn(int calls) { dies_in_ = calls; }
  bool is_dead() const { return dead_; }
  void Die() { dead_ = true; }
  void Revive() {
    dead_ = false;
    dies_in_ = -1;
  }

  std::uint64_t Random() { return random_(); }

  // For a call that changes something.
  Fault OnChange() {
    if (dead_) return Fault::kDrop;
    if (dies_in_ >= 0 && dies_in_-- == 0) {
      dead_ = true;
      return random_() % 2 == 0 ? Fault::kDrop : Fault::kLose;
    }
    if (!Strikes()) return Fault::kNone;
    constexpr Fault kFaults[] = {Fault::kFail, Fault::kDrop, Fault::kLose,
                                 Fault::kDuplicate, Fault::kLate};
    return kFaults[random_() % std::size(kFaults)];
  }
  // For a call that reads.
  Fault OnRead() {
    if (dead_) return Fault::kFail;
    if (dies_in_ >= 0 && dies_in_-- == 0) {
      dead_ = true;
      return Fault::kFail;
    }
    if (!Strikes()) return Fault::kNone;
    return random_() % 4 == 0 ? Fault::kTear : Fault::kFail;
  }

 private:
  bool Strikes() {
    return rate_ > 0 && std::uniform_real_distribution<>()(random_) < rate_;
  }

  std::mt19937_64 random_;
  double rate_ = 0;
  int dies_in_ = -1;
  bool dead_ = false;
};

}  // namespace elanus::model

#include "base/relay.h"

#include <pthread.h>

#include <utility>

#include "base/log.h"

namespace elanus::base {

bool Relay::Turn::Run(absl::FunctionRef<void()> work) {
  DCHECK(is_mine_);
  const std::uint64_t number = relay_.runs_.load(std::memory_order_relaxed) + 1;
  relay_.runs_.store(number, std::memory_order_relaxed);
  // In one order with is_watching_: either this thread sees that nobody
  // watches, or the other one sees that there is something to watch.
  relay_.running_.store(number, std::memory_order_seq_cst);
  if (!relay_.is_watching_.load(std::memory_order_seq_cst)) {
    relay_.StartWatching();
  }
  work();
  std::uint64_t running = number;
  is_mine_ = relay_.running_.compare_exchange_strong(running, kNoRun,
                                                     std::memory_order_acq_rel);
  return is_mine_;
}

Relay::Relay(RelayOptions options, Step step)
    : options_(std::move(options)), step_(std::move(step)) {
  for (int i = 0; i < 2; ++i) {
    threads_.emplace_back([this] { RunThread(); });
  }
}

Relay::~Relay() { Join(); }

void Relay::Join() {
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Relay::RunThread() {
  pthread_setname_np(pthread_self(), options_.name.substr(0, 15).c_str());
  while (WaitForTurn()) {
    Turn turn(*this);
    while (turn.is_mine_) {
      if (!step_(turn) && turn.is_mine_) return End();
    }
  }
}

bool Relay::WaitForTurn() {
  MutexLock lock(mutex_);
  if (!std::exchange(started_, true)) return true;
  has_other_.store(true, std::memory_order_relaxed);
  bool is_mine = false;
  while (!ended_ && !is_mine) {
    if (is_watching_.load(std::memory_order_relaxed)) {
      is_mine = Watch();
    } else {
      wake_.Wait(mutex_);
    }
  }
  has_other_.store(false, std::memory_order_relaxed);
  return is_mine;
}

bool Relay::Watch() {
  const std::uint64_t runs = runs_.load(std::memory_order_relaxed);
  std::uint64_t seen = running_.load(std::memory_order_relaxed);
  wake_.WaitFor(mutex_, kPatience);
  if (ended_) return false;
  // The same work as before the wait.
  if (seen != kNoRun && running_.compare_exchange_strong(
                            seen, kNoRun, std::memory_order_acq_rel)) {
    return true;
  }
  if (runs_.load(std::memory_order_relaxed) == runs) {
    is_watching_.store(false, std::memory_order_seq_cst);
    const bool is_late = running_.load(std::memory_order_seq_cst) != kNoRun;
    if (is_late) is_watching_.store(true, std::memory_order_relaxed);
  }
  return false;
}

void Relay::StartWatching() {
  MutexLock lock(mutex_);
  is_watching_.store(true, std::memory_order_relaxed);
  wake_.NotifyOne();
}

void Relay::End() {
  MutexLock lock(mutex_);
  ended_ = true;
  wake_.NotifyAll();
}

}  // namespace elanus::base

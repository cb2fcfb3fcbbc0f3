#include "base/give_way.h"

#include <sys/prctl.h>
#include <time.h>

#include <algorithm>

#include "base/clock.h"

namespace elanus::base {
namespace {

// No more reads come in when none has for so long.
constexpr std::int64_t kRecentNs = 20'000'000;
constexpr std::int64_t kTurnNs = 100'000;
// A turn that took longer was in part a wait for the processor.
constexpr std::int64_t kRestMaxNs = 2 * kTurnNs;
// The kernel rounds a sleep up by this; 50 us unless told.
constexpr unsigned long kSlackNs = 1'000;

struct Turn {
  const ReadTraffic* traffic = nullptr;  // null: not a background thread
  std::int64_t begin_ns = 0;
};

thread_local Turn turn;

// A rest is real: no test turns this clock.
std::int64_t NowNs() { return SystemClock().MonotonicNs(); }

}  // namespace

void ReadTraffic::Note() { last_ns_.store(NowNs(), std::memory_order_relaxed); }

bool ReadTraffic::IsRecent(std::int64_t now_ns) const {
  return now_ns - last_ns_.load(std::memory_order_relaxed) < kRecentNs;
}

BackgroundThread::BackgroundThread(const ReadTraffic* traffic) {
  if (traffic == nullptr) return;
  prctl(PR_SET_TIMERSLACK, kSlackNs);
  turn.traffic = traffic;
  Works();
}

BackgroundThread::~BackgroundThread() { turn.traffic = nullptr; }

void BackgroundThread::Works() {
  if (turn.traffic != nullptr) turn.begin_ns = NowNs();
}

bool GiveWay() {
  if (turn.traffic == nullptr) return false;
  const std::int64_t now = NowNs();
  const std::int64_t worked = now - turn.begin_ns;
  if (worked < kTurnNs) return false;
  turn.begin_ns = now;
  if (!turn.traffic->IsRecent(now)) return false;
  const timespec rest{.tv_sec = 0, .tv_nsec = std::min(worked, kRestMaxNs)};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, nullptr);
  turn.begin_ns = NowNs();
  return true;
}

}  // namespace elanus::base

// A clock that stands until a test turns it.
//
// Threads: any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace elanus::testing {

class FakeClock final : public base::Clock {
 public:
  std::int64_t WallMs() const override { return wall_ms; }
  std::int64_t MonotonicNs() const override { return monotonic_ns; }
  void Advance(std::chrono::milliseconds time) {
    wall_ms += time.count();
    monotonic_ns += std::chrono::nanoseconds(time).count();
  }

  std::atomic<std::int64_t> wall_ms = 1'700'000'000'000;
  std::atomic<std::int64_t> monotonic_ns = 0;
};

}  // namespace elanus::testing

// Where time comes from. Passed in by constructor, so that a test can turn it
// by hand (testing/fake_clock.h).
#pragma once

#include <cstdint>

namespace elanus::base {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // Milliseconds since the Unix epoch; may jump.
  virtual std::int64_t WallMs() const = 0;

  // Nanoseconds since an arbitrary start; never runs back.
  virtual std::int64_t MonotonicNs() const = 0;
};

// The clock of the machine. Lives for ever.
const Clock& SystemClock();

}  // namespace elanus::base

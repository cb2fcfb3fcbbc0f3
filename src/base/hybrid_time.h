// Hybrid timestamps: milliseconds since the Unix epoch << 18 | counter, as on
// Milvus's wire. Values of the time oracle, effective times of log records,
// and read times are all of this type.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace elanus::base {

struct Timestamp {
  std::uint64_t value = 0;

  static constexpr int kCounterBits = 18;

  static constexpr Timestamp FromMs(std::int64_t ms) {
    return {static_cast<std::uint64_t>(ms) << kCounterBits};
  }
  static constexpr Timestamp Max() {
    return {std::numeric_limits<std::uint64_t>::max()};
  }

  constexpr std::int64_t ms() const {
    return static_cast<std::int64_t>(value >> kCounterBits);
  }
  constexpr Timestamp Next() const { return {value + 1}; }
  // The largest timestamp below this one. Needs value > 0.
  constexpr Timestamp Previous() const { return {value - 1}; }

  friend constexpr auto operator<=>(Timestamp, Timestamp) = default;
};

}  // namespace elanus::base

// One accounted memory budget for the process. Before it is spent, writes and
// loads are refused with the figures in the message; reads go on.
//
//   ASSIGN_OR_RETURN(MemoryReservation held,
//                    budget.Reserve(bytes, "growing segment 7"));
//
// Threads:   any.
// Ownership: the budget outlives its reservations.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/status.h"

namespace elanus::base {

class MemoryBudget;

// Gives its bytes back when destroyed.
class MemoryReservation {
 public:
  MemoryReservation() = default;
  MemoryReservation(MemoryBudget* budget, std::int64_t bytes)
      : budget_(budget), bytes_(bytes) {}
  MemoryReservation(MemoryReservation&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)),
        bytes_(std::exchange(other.bytes_, 0)) {}
  MemoryReservation& operator=(MemoryReservation&& other) noexcept;
  ~MemoryReservation() { Release(); }

  std::int64_t bytes() const { return bytes_; }
  void Release();

 private:
  MemoryBudget* budget_ = nullptr;
  std::int64_t bytes_ = 0;
};

class MemoryBudget {
 public:
  explicit MemoryBudget(std::int64_t limit_bytes) : limit_(limit_bytes) {}

  // Errors: kMemoryLimitExceeded (retriable) with what, need, used and limit.
  absl::StatusOr<MemoryReservation> Reserve(std::int64_t bytes,
                                            std::string_view what);

  // For what is already there and cannot be refused (an applied record).
  MemoryReservation Charge(std::int64_t bytes);

  // OK while `bytes` more would fit: the check in front of a write.
  absl::Status Admit(std::int64_t bytes, std::string_view what) const;

  std::int64_t used() const { return used_.load(std::memory_order_relaxed); }
  std::int64_t limit() const { return limit_; }

 private:
  friend class MemoryReservation;

  absl::Status LimitExceeded(std::int64_t bytes, std::string_view what) const;

  const std::int64_t limit_;
  std::atomic<std::int64_t> used_{0};
};

}  // namespace elanus::base

#include "base/memory_budget.h"

namespace elanus::base {

MemoryReservation& MemoryReservation::operator=(
    MemoryReservation&& other) noexcept {
  if (this != &other) {
    Release();
    budget_ = std::exchange(other.budget_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
  }
  return *this;
}

void MemoryReservation::Release() {
  if (budget_ != nullptr) {
    budget_->used_.fetch_sub(bytes_, std::memory_order_relaxed);
  }
  budget_ = nullptr;
  bytes_ = 0;
}

absl::Status MemoryBudget::LimitExceeded(std::int64_t bytes,
                                         std::string_view what) const {
  constexpr std::int64_t kMegabyte = std::int64_t{1} << 20;
  return MakeRetriable(
      ErrorCode::kMemoryLimitExceeded,
      fmt::format("memory limit exceeded[predict(MB)={}][limit(MB)={}]: {} "
                  "needs {} bytes, {} of {} bytes are in use",
                  (used() + bytes) / kMegabyte, limit_ / kMegabyte, what, bytes,
                  used(), limit_));
}

absl::Status MemoryBudget::Admit(std::int64_t bytes,
                                 std::string_view what) const {
  return used() + bytes <= limit_ ? absl::OkStatus()
                                  : LimitExceeded(bytes, what);
}

absl::StatusOr<MemoryReservation> MemoryBudget::Reserve(std::int64_t bytes,
                                                        std::string_view what) {
  MemoryReservation reservation = Charge(bytes);
  if (used() <= limit_) return reservation;
  reservation.Release();
  return LimitExceeded(bytes, what);
}

MemoryReservation MemoryBudget::Charge(std::int64_t bytes) {
  used_.fetch_add(bytes, std::memory_order_relaxed);
  return MemoryReservation(this, bytes);
}

}  // namespace elanus::base

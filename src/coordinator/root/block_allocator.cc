#include "coordinator/root/block_allocator.h"

#include <algorithm>
#include <optional>

#include "coordinator/meta_records.h"

namespace elanus::coordinator {

void BlockAllocator::Allocate(std::uint64_t count, Allocated done) {
  std::uint64_t first = 0;
  bool taken = false;
  bool refill = false;
  {
    base::MutexLock lock(mutex_);
    taken = waiting_.empty() && TryTake(count, &first);
    if (!taken) waiting_.push_back({.count = count, .done = std::move(done)});
    const bool low = bound_ - next_ < options_.step / 2;
    refill = (!taken || low) && !refilling_;
    refilling_ = refilling_ || refill;
  }
  if (refill) {
    executor_.Submit([self = shared_from_this()] { self->Refill(); });
  }
  if (taken) done(first);
}

bool BlockAllocator::TryTake(std::uint64_t count, std::uint64_t* first) {
  const std::uint64_t floor = options_.floor ? options_.floor() : 0;
  *first = std::max(next_, floor);
  if (*first > bound_ || count > bound_ - *first) return false;
  next_ = *first + count;
  return true;
}

void BlockAllocator::Refill() { ServeWaiting(FetchBlock()); }

absl::Status BlockAllocator::FetchBlock() {
  ASSIGN_OR_RETURN(const std::optional<NumberRecord> stored,
                   GetNumber(store_, options_.key));
  std::uint64_t target = 0;
  {
    base::MutexLock lock(mutex_);
    // Not what this allocator left there: an earlier process, another one, or
    // an own write whose outcome stayed unknown. All below is taken.
    if (!stored.has_value()) {
      next_ = std::max(next_, options_.first);
    } else if (stored->value != bound_) {
      next_ = std::max(next_, stored->value);
    }
    const std::uint64_t floor = options_.floor ? options_.floor() : 0;
    target = std::max(next_, floor) + options_.step;
    for (const Waiter& waiter : waiting_) target += waiter.count;
  }
  storage::MetaTxn txn;
  const std::string key(options_.key);
  txn.compares.push_back(
      stored.has_value()
          ? storage::MetaCompare::RevisionIs(key, stored->revision)
          : storage::MetaCompare::Absent(key));
  txn.puts.push_back(PutNumber(key, target));
  ASSIGN_OR_RETURN(const storage::MetaTxnResult result, store_.Txn(txn));
  if (!result.succeeded) {
    return base::MakeRetriable(
        base::ErrorCode::kServiceUnavailable,
        fmt::format("another process has moved {}", options_.key));
  }
  base::MutexLock lock(mutex_);
  bound_ = target;
  return absl::OkStatus();
}

void BlockAllocator::ServeWaiting(const absl::Status& status) {
  std::vector<Waiter> served;
  bool again = false;
  {
    base::MutexLock lock(mutex_);
    if (!status.ok()) {
      served.swap(waiting_);
    } else {
      std::size_t n = 0;
      while (n < waiting_.size() &&
             TryTake(waiting_[n].count, &waiting_[n].first)) {
        ++n;
      }
      const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(n);
      served.assign(std::make_move_iterator(waiting_.begin()),
                    std::make_move_iterator(end));
      waiting_.erase(waiting_.begin(), end);
    }
    again = !waiting_.empty();
    refilling_ = again;
  }
  for (Waiter& waiter : served) {
    if (status.ok()) {
      waiter.done(waiter.first);
    } else {
      waiter.done(status);
    }
  }
  if (again) executor_.Submit([self = shared_from_this()] { self->Refill(); });
}

}  // namespace elanus::coordinator

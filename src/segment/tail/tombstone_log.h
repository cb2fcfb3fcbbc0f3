// The tombstones of a vchannel since its last checkpoint, or since the oldest
// pin: what a newly loaded segment still has to be told, and what the next
// delete file holds. Effective times rise with positions, so a stretch of the
// log is named by times.
//
//   TombstonePin pin = log.Pin();               // nothing goes from now on
//   for (const auto& batch : log.Between(after, upto)) segment->Delete(...);
//
// Threads:   any; one thread appends.
// Ownership: the budget must outlive the log; a pin keeps the log alive.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <set>
#include <vector>

#include "base/hybrid_time.h"
#include "base/memory_budget.h"
#include "base/mutex.h"
#include "base/status.h"
#include "segment/replay/replay_step.h"

namespace elanus::segment {

// The tombstones of one record, with its keys as a copy of their own.
class TombstoneBatch {
 public:
  TombstoneBatch(const TombstoneRun& run, base::MemoryBudget& budget);

  const TombstoneRun& run() const { return run_; }
  std::size_t rows() const { return run_.keys.rows; }

 private:
  std::vector<std::byte> values_;
  std::vector<std::uint32_t> offsets_;
  TombstoneRun run_;
  base::MemoryReservation held_;
};

using TombstoneBatches = std::vector<std::shared_ptr<const TombstoneBatch>>;

class TombstoneLog;

// While it lives, the log keeps the tombstones after `since()`.
class TombstonePin {
 public:
  TombstonePin() = default;
  TombstonePin(TombstonePin&& other) noexcept = default;
  TombstonePin& operator=(TombstonePin&& other) noexcept;
  ~TombstonePin() { Release(); }

  base::Timestamp since() const { return since_; }
  void Release();

 private:
  friend class TombstoneLog;
  TombstonePin(std::shared_ptr<TombstoneLog> log, base::Timestamp since)
      : log_(std::move(log)), since_(since) {}

  std::shared_ptr<TombstoneLog> log_;
  base::Timestamp since_;
};

class TombstoneLog : public std::enable_shared_from_this<TombstoneLog> {
 public:
  // Complete for times after `since`.
  TombstoneLog(base::Timestamp since, base::MemoryBudget& budget)
      : budget_(budget), since_(since) {}

  void Append(const TombstoneRun& run);

  // Everything after this time is here.
  base::Timestamp since() const;
  // Keeps what is here now and all that comes.
  TombstonePin Pin();
  // after < at <= upto, in log order.
  // Errors: kServiceInternal where a part of that has been trimmed.
  absl::StatusOr<TombstoneBatches> Between(base::Timestamp after,
                                           base::Timestamp upto) const;
  // Those up to `upto` are in a delete file that a checkpoint names; they go
  // as soon as no pin holds them.
  void Trim(base::Timestamp upto);

  std::size_t rows() const;

 private:
  friend class TombstonePin;
  void Unpin(base::Timestamp since);
  void TrimLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  base::MemoryBudget& budget_;
  mutable base::Mutex mutex_;
  std::deque<std::shared_ptr<const TombstoneBatch>> batches_
      ABSL_GUARDED_BY(mutex_);
  base::Timestamp since_ ABSL_GUARDED_BY(mutex_);
  base::Timestamp trim_upto_ ABSL_GUARDED_BY(mutex_);
  std::multiset<base::Timestamp> pins_ ABSL_GUARDED_BY(mutex_);
  std::size_t rows_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace elanus::segment

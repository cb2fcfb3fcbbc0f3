// Timestamps and ids, taken from root coord in blocks so that a write costs no
// call of its own.
//
//   times.Next(1, [](absl::StatusOr<base::Timestamp> first) { ... });
//   ids.Next(rows, [](absl::StatusOr<std::int64_t> first) { ... });
//
// A block of timestamps is used for 50 ms at most: a proposed time must not
// lag far behind the wall clock. Which timestamps were this proxy's own is
// remembered, to tell a Session read of its own writes from a foreign one.
//
// Threads:   any; at once on this thread while the block lasts.
// Ownership: root coord and clock are borrowed.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "base/clock.h"
#include "base/hybrid_time.h"
#include "base/mutex.h"
#include "base/status.h"
#include "role/root_coord.h"

namespace elanus::access {

class TimeBlocks {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<base::Timestamp>)>;

  TimeBlocks(role::RootCoord& root_coord, const base::Clock& clock)
      : root_coord_(root_coord), clock_(clock) {}

  // The first of `count` timestamps that nobody else has, in a row. It is
  // later than all that were given before the call.
  void Next(std::uint32_t count, Done done);

  // Did this proxy take the timestamp (since it started, not too long ago)?
  bool IsOwn(base::Timestamp timestamp) const;

 private:
  static constexpr std::uint32_t kBlock = 4096;
  static constexpr std::int64_t kBlockLifeNs = 50'000'000;
  static constexpr std::size_t kBlocksKept = 65'536;

  struct Block {
    std::uint64_t first = 0;
    std::uint64_t end = 0;
  };

  std::optional<base::Timestamp> TakeLocked(std::uint32_t count)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // `used` of the block's times are given away already.
  void Add(const Block& block, std::uint32_t used)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  role::RootCoord& root_coord_;
  const base::Clock& clock_;
  mutable base::Mutex mutex_;
  Block block_ ABSL_GUARDED_BY(mutex_);
  std::int64_t taken_at_ns_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<Block> own_ ABSL_GUARDED_BY(mutex_);  // rising, apart
};

class IdBlocks {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<std::int64_t>)>;

  explicit IdBlocks(role::RootCoord& root_coord) : root_coord_(root_coord) {}

  // The first of `count` ids in a row.
  void Next(std::uint32_t count, Done done);

 private:
  static constexpr std::uint32_t kBlock = 65'536;

  role::RootCoord& root_coord_;
  base::Mutex mutex_;
  std::int64_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  std::int64_t end_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace elanus::access

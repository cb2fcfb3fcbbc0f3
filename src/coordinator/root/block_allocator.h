// Hands out numbers that rise for ever, restarts included: the bound up to
// which it may go is in the meta store before the first number below it is
// given away. Serves the time oracle and the ids.
//
//   BlockAllocator ids(store, executor, {.key = keys::kIdBound,
//                                        .step = 100'000, .first = 1000});
//   ids.Allocate(5, [](absl::StatusOr<std::uint64_t> first) { ... });
//
// What lies below the bound is handed out under a mutex alone; before it is
// used up the next block is fetched, so that callers rarely wait. Who comes
// too early parks until the block is there. Two allocators on one store give
// disjoint numbers.
//
// Threads:   any. Callbacks run in place or on the executor.
// Ownership: store and executor outlive it; keep it in a shared_ptr, a fetch
//            under way does.
// Errors:    those of the store, to all who wait for the block.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "base/status.h"
#include "storage/meta_store.h"

namespace elanus::coordinator {

struct BlockAllocatorOptions {
  std::string_view key;    // of the bound's record
  std::uint64_t step = 1;  // how far the bound goes ahead
  std::uint64_t first = 0;
  // No number below this one is handed out any more; empty = none. Now, for
  // the time oracle. May run back, the numbers do not.
  std::function<std::uint64_t()> floor;
};

class BlockAllocator : public std::enable_shared_from_this<BlockAllocator> {
 public:
  using Allocated = absl::AnyInvocable<void(absl::StatusOr<std::uint64_t>)>;

  BlockAllocator(storage::MetaStore& store, base::Executor& executor,
                 BlockAllocatorOptions options)
      : store_(store), executor_(executor), options_(std::move(options)) {}

  // Fetches the first block; blocks on the store. What fits into it is then
  // allocated in place. Before the first Allocate.
  absl::Status Prefetch() { return FetchBlock(); }

  // The numbers first .. first + count - 1 are the caller's.
  void Allocate(std::uint64_t count, Allocated done);

 private:
  struct Waiter {
    std::uint64_t count = 0;
    Allocated done;
    std::uint64_t first = 0;
  };

  bool TryTake(std::uint64_t count, std::uint64_t* first)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Refill();
  absl::Status FetchBlock();
  void ServeWaiting(const absl::Status& status);

  storage::MetaStore& store_;
  base::Executor& executor_;
  const BlockAllocatorOptions options_;

  base::Mutex mutex_;
  std::uint64_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t bound_ ABSL_GUARDED_BY(mutex_) = 0;  // in the meta store
  bool refilling_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Waiter> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::coordinator

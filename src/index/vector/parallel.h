// Lets the threads of an executor work along with the caller.
//
//   RETURN_IF_ERROR(WorkTogether(executor, 8, [&](std::size_t worker) {
//     while (next < n) ...;
//     return absl::OkStatus();
//   }));
//
// Threads:   `work` runs at the same time on up to `max_threads` threads, the
//            caller's among them. A helper that no thread was free for is left
//            out, so the caller never waits for a queue.
// Ownership: `work` is borrowed until the return.
// Errors:    one of those that `work` returned.
#pragma once

#include <cstddef>
#include <functional>

#include "base/executor.h"
#include "base/status.h"

namespace elanus::index {

absl::Status WorkTogether(
    base::Executor* executor, std::size_t max_threads,
    const std::function<absl::Status(std::size_t worker)>& work);

}  // namespace elanus::index

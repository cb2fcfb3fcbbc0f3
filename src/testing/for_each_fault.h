// Walks an operation over every system call that can fail in it.
//
//   const int rounds = ForEachFault([](const SyscallFaults::Plan& plan) {
//     ... prepare ...
//     SyscallFaults::Arm(plan);
//     const absl::Status status = store.Put("a", "bytes");
//     const bool struck = SyscallFaults::Disarm();
//     ... what must hold after a fault, and without one ...
//     return struck;
//   });
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <iterator>

#include "testing/syscall_faults.h"

namespace elanus::testing {

inline std::size_t OpenDescriptors() {
  const std::filesystem::directory_iterator entries("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

// Runs `round` once for each call that can fail, in each way. A round arms the
// plan where it likes and returns what Disarm said. Returns the rounds.
inline int ForEachFault(
    const std::function<bool(const SyscallFaults::Plan&)>& round) {
  int rounds = 0;
  using Kind = SyscallFaults::Kind;
  for (const int error : {EIO, ENOSPC}) {
    for (const Kind kind : {Kind::kOnce, Kind::kForGood}) {
      for (int after = 0;; ++after) {
        SCOPED_TRACE(fmt::format("call {} fails with {}{}", after, error,
                                 kind == Kind::kOnce ? "" : " for good"));
        const std::size_t open = OpenDescriptors();
        const bool struck =
            round({.after = after, .error = error, .kind = kind});
        EXPECT_EQ(OpenDescriptors(), open);
        ++rounds;
        if (!struck || ::testing::Test::HasFailure()) break;
      }
    }
  }
  return rounds;
}

}  // namespace elanus::testing

// Runs a list of operations, drawn from a seed, against a simulated server and
// the oracle at once.
//
//   Run run = RunOperations({.seed = 7, .operations = 500});
//   if (run.failure.has_value()) ...
//
// The list depends on nothing but the seed, and each operation draws what it
// needs from a seed of its own: leaving some out leaves the rest as it is.
//
// Safety: no read may show what the oracle does not allow, at any time.
// Liveness: while nothing is injected every call succeeds and ends; and once
// the faults have ended everything settles: loads, flushes, attempts, the log.
//
// Threads: one; several machines may run side by side.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace elanus::model {

struct RunOptions {
  std::uint64_t seed = 0;
  int operations = 200;
  // Numbers of the operations that are run; empty: all.
  std::vector<int> keep;
  bool verbose = false;
};

struct Run {
  std::optional<std::string> failure;  // what, and at which operation
  std::vector<int> done;               // the operations that were begun
  std::uint64_t reads = 0;             // that were answered and compared
  std::uint64_t refused_reads = 0;
  std::uint64_t writes = 0;  // acknowledged
  std::uint64_t doubtful_writes = 0;
  std::uint64_t restarts = 0;
  // Of what ran and when: a second run of the same has the same.
  std::uint64_t fingerprint = 0;
};

Run RunOperations(const RunOptions& options);

}  // namespace elanus::model

// How much memory this process may take: the machine's, or less where its
// control groups (a container, a systemd unit) limit it.
//
// Threads: any.
// Source:  Linux, Documentation/admin-guide/cgroup-v2.rst (memory.max) and
//          cgroup-v1/memory.rst (memory.limit_in_bytes).
#pragma once

#include <cstdint>
#include <string>

namespace elanus::base {

// `root` stands in front of /proc and /sys, for tests.
std::int64_t MachineMemoryBytes(const std::string& root = "");

}  // namespace elanus::base

#include "base/machine_memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <string_view>

namespace elanus::base {
namespace {

constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

// A group's own limit; kNoLimit if the file says "max" or is not there.
std::int64_t LimitIn(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t bytes = 0;
  if (!(file >> bytes)) return kNoLimit;
  return static_cast<std::int64_t>(
      std::min(bytes, static_cast<std::uint64_t>(kNoLimit)));
}

// The least limit of `group` and of all groups around it. Within a container
// the group's path may be that of outside: then only the last step is there.
std::int64_t LeastLimit(const std::string& mount, std::string group,
                        std::string_view file) {
  std::int64_t least = kNoLimit;
  while (true) {
    const std::size_t slash = group.find_last_of('/');
    const bool is_top = group.empty() || group == "/";
    const std::string folder = is_top ? mount : mount + group;
    least = std::min(least, LimitIn(folder + "/" + std::string(file)));
    if (is_top || slash == std::string::npos) return least;
    group.resize(slash);
  }
}

bool HasMemory(std::string_view controllers) {
  controllers = controllers.substr(0, controllers.find(':'));
  while (true) {
    const std::size_t comma = controllers.find(',');
    if (controllers.substr(0, comma) == "memory") return true;
    if (comma == std::string_view::npos) return false;
    controllers.remove_prefix(comma + 1);
  }
}

}  // namespace

std::int64_t MachineMemoryBytes(const std::string& root) {
  std::int64_t bytes = static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) *
                       sysconf(_SC_PAGE_SIZE);
  std::ifstream groups(root + "/proc/self/cgroup");
  const std::string mount = root + "/sys/fs/cgroup";
  // Each line is hierarchy:controllers:path; version 2 has no controllers.
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string path = line.substr(second + 1);
    if (second == first + 1) {
      bytes = std::min(bytes, LeastLimit(mount, path, "memory.max"));
    } else if (HasMemory(std::string_view(line).substr(first + 1))) {
      bytes = std::min(
          bytes, LeastLimit(mount + "/memory", path, "memory.limit_in_bytes"));
    }
  }
  return bytes;
}

}  // namespace elanus::base

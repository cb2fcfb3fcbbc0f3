// The CPU time of this process, for benchmarks of one thread.
#pragma once

#include <ctime>

namespace elanus::index {

inline double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) +
         1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace elanus::index

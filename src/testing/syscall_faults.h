// Makes one system call on files fail, by count, wherever in the process it is
// made: in our code, in RocksDB, in the C++ library. A test walks the count up
// until its operation no longer comes that far:
//
//   for (int n = 0;; ++n) {
//     SyscallFaults::Arm({.after = n, .error = EIO});
//     const absl::Status status = store.Put("a", "bytes");
//     if (!SyscallFaults::Disarm()) break;  // it took at most n calls
//     ... what must hold after a fault ...
//   }
//
// Counted are open, read, write, sync, truncate, rename, link, unlink, mkdir,
// rmdir, stat of a descriptor, mapping of a file and opening a folder for
// listing. A write that fails has written half of its bytes first, as on a
// disk that runs full. A sync that goes well does nothing: no test loses power
// by this, and thousands of real ones take minutes.
//
// A test program that uses it lists testing/syscall_faults.cc among its
// sources: the functions defined there stand before those of the C library.
//
// Threads: Arm and Disarm by one thread; all threads' calls are counted.
#pragma once

namespace elanus::testing {

class SyscallFaults {
 public:
  enum class Kind {
    kOnce,      // one call fails
    kForGood,   // that one and all behind it: the disk is gone
    kTransfer,  // no failure: a read or write moves half of its bytes
  };
  struct Plan {
    int after = 0;  // this many calls go well
    int error = 0;  // errno
    Kind kind = Kind::kOnce;
  };

  static void Arm(const Plan& plan);
  // True if the fault struck.
  static bool Disarm();
};

}  // namespace elanus::testing

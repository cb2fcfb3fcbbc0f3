// Watches the allocations of a thread, and lets one of them fail by count.
//
//   Allocations::Arm(n);                 // n go well, the next one throws
//   try { Read(bytes); } catch (const std::bad_alloc&) {}
//   if (!Allocations::Disarm()) break;   // it took at most n
//
//   Allocations::Forget();
//   Read(bytes);
//   EXPECT_LT(Allocations::largest(), 1 << 20);
//
// A test program that uses it lists testing/allocations.cc among its sources:
// operator new is replaced there.
//
// Threads: each sees and arms its own allocations only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace elanus::testing {

class Allocations {
 public:
  static void Arm(int after);
  // True if the fault struck.
  static bool Disarm();

  // Made and not yet freed, by all threads.
  static std::int64_t live();

  static void Forget();
  // The largest request since Forget.
  static std::size_t largest();
};

}  // namespace elanus::testing

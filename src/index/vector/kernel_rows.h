// What the kernels want of the rows that they are given by their numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace elanus::index {

// They compute so many rows at once, and round what is left over in another
// order: equal rows have equal distances in full groups only.
inline constexpr std::size_t kKernelGroup = 4;

// Repeats the last row until all groups are full.
inline void FillGroups(std::vector<std::uint32_t>& rows) {
  while (rows.size() % kKernelGroup != 0) rows.push_back(rows.back());
}

// Asks for the cache lines of so many bytes.
inline void Prefetch(const void* from, std::size_t bytes) {
  constexpr std::size_t kLine = 64;
  const char* const at = static_cast<const char*>(from);
  for (std::size_t i = 0; i < bytes; i += kLine) __builtin_prefetch(at + i);
}

}  // namespace elanus::index

// A set of primary keys that may say yes to a stranger (to fewer than one in
// 100) but never no to a member: a blocked Bloom filter, half a cache line a
// look.
//
//   std::vector<KeyFilterBlock> blocks(KeyFilterBlocksFor(keys));
//   AddToFilter(HashOfKey(7), blocks);
//   if (MayContain(HashOfKey(key), blocks)) ...
//
// The hash and the eight multipliers are part of the file formats: they never
// change.
//
// Threads: pure functions.
// Source:  F. Putze, P. Sanders, J. Singler, "Cache-, Hash- and
//          Space-Efficient Bloom Filters", WEA 2007: a key's bits all lie in
//          one block, one bit in each of its eight words.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace elanus::segment {

struct KeyFilterBlock {
  std::array<std::uint32_t, 8> words{};

  friend bool operator==(const KeyFilterBlock&,
                         const KeyFilterBlock&) = default;
};

std::uint64_t HashOfKey(std::int64_t key);
std::uint64_t HashOfKey(std::string_view key);

// Blocks for a filter of this many keys: 12 bits a key; at least one.
std::size_t KeyFilterBlocksFor(std::size_t keys);

void AddToFilter(std::uint64_t hash, std::span<KeyFilterBlock> blocks);
// An empty filter says yes to everything.
bool MayContain(std::uint64_t hash, std::span<const KeyFilterBlock> blocks);

}  // namespace elanus::segment

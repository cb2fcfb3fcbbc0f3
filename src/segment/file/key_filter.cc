#include "segment/file/key_filter.h"

#include <algorithm>
#include <cstring>

namespace elanus::segment {
namespace {

// Odd, so that multiplying loses nothing; otherwise arbitrary.
constexpr std::array<std::uint32_t, 8> kMultipliers = {
    0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f,
    0x165667b1, 0xd6e8feb9, 0xff51afd7, 0xb5297a4d};
constexpr std::size_t kBitsPerKey = 12;
constexpr std::size_t kBitsPerBlock = 256;

// A bijection whose every output bit depends on every input bit.
// Source: S. Vigna's splitmix64, after D. Stafford's "Better Bit Mixing".
constexpr std::uint64_t Mix(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9;
  x ^= x >> 27;
  x *= 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

std::size_t BlockOf(std::uint64_t hash, std::size_t blocks) {
  return static_cast<std::size_t>(((hash >> 32) * blocks) >> 32);
}

std::uint32_t BitOf(std::uint64_t hash, std::size_t word) {
  const auto low = static_cast<std::uint32_t>(hash);
  return std::uint32_t{1} << ((low * kMultipliers[word]) >> 27);
}

}  // namespace

std::uint64_t HashOfKey(std::int64_t key) {
  return Mix(static_cast<std::uint64_t>(key) + 0x9e3779b97f4a7c15);
}

std::uint64_t HashOfKey(std::string_view key) {
  std::uint64_t hash = Mix(key.size() + 0x9e3779b97f4a7c15);
  while (!key.empty()) {
    std::uint64_t word = 0;
    const std::size_t size = std::min(key.size(), sizeof(word));
    std::memcpy(&word, key.data(), size);
    hash = Mix(hash ^ word) + 0x9e3779b97f4a7c15;
    key.remove_prefix(size);
  }
  return Mix(hash);
}

std::size_t KeyFilterBlocksFor(std::size_t keys) {
  return std::max<std::size_t>(
      1, (keys * kBitsPerKey + kBitsPerBlock - 1) / kBitsPerBlock);
}

void AddToFilter(std::uint64_t hash, std::span<KeyFilterBlock> blocks) {
  KeyFilterBlock& block = blocks[BlockOf(hash, blocks.size())];
  for (std::size_t i = 0; i < block.words.size(); ++i) {
    block.words[i] |= BitOf(hash, i);
  }
}

bool MayContain(std::uint64_t hash, std::span<const KeyFilterBlock> blocks) {
  if (blocks.empty()) return true;
  const KeyFilterBlock& block = blocks[BlockOf(hash, blocks.size())];
  for (std::size_t i = 0; i < block.words.size(); ++i) {
    if ((block.words[i] & BitOf(hash, i)) == 0) return false;
  }
  return true;
}

}  // namespace elanus::segment

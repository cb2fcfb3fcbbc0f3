#include "access/key_hash.h"

#include <algorithm>
#include <array>
#include <bit>

namespace elanus::access {
namespace {

constexpr std::uint32_t kIeee = 0xedb88320;  // reflected polynomial
constexpr std::size_t kTextBytesHashed = 100;

constexpr std::array<std::uint32_t, 256> MakeTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? kIeee : 0);
    }
    table[i] = crc;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> kTable = MakeTable();

constexpr std::uint32_t Mix(std::uint32_t hash, std::uint32_t block) {
  block *= 0xcc9e2d51;
  block = std::rotl(block, 15);
  block *= 0x1b873593;
  hash ^= block;
  hash = std::rotl(hash, 13);
  return hash * 5 + 0xe6546b64;
}

}  // namespace

std::uint32_t HashKey(std::int64_t key) {
  const auto bits = static_cast<std::uint64_t>(key);
  std::uint32_t hash = Mix(0, static_cast<std::uint32_t>(bits));
  hash = Mix(hash, static_cast<std::uint32_t>(bits >> 32));
  hash ^= sizeof(key);
  hash ^= hash >> 16;
  hash *= 0x85ebca6b;
  hash ^= hash >> 13;
  hash *= 0xc2b2ae35;
  return hash ^ (hash >> 16);
}

std::uint32_t HashKey(std::string_view key) {
  std::uint32_t crc = ~std::uint32_t{0};
  for (const char c : key.substr(0, kTextBytesHashed)) {
    crc = kTable[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ (crc >> 8);
  }
  return ~crc;
}

}  // namespace elanus::access

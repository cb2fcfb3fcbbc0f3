// Which shard a row belongs to: a hash of its primary key.
//
// Int64: MurmurHash3 (x86, 32 bits, seed 0; A. Appleby, public domain
// algorithm) of the 8 bytes, little-endian. VarChar: CRC-32 (IEEE 802.3) of the
// first 100 bytes. As in Milvus, so that data keeps its shards when it moves.
//
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "segment/key.h"

namespace elanus::access {

std::uint32_t HashKey(std::int64_t key);
std::uint32_t HashKey(std::string_view key);

inline std::uint32_t ShardOfKey(const segment::KeyView& key,
                                std::uint32_t shards) {
  return std::visit([](const auto& value) { return HashKey(value); }, key) %
         shards;
}

}  // namespace elanus::access

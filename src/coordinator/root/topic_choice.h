// Which pchannels the shards of a new collection get.
#pragma once

#include <cstddef>
#include <vector>

namespace elanus::coordinator {

// For each shard the number of a topic: always the one with the fewest
// vchannels, those of this collection counted, the lowest number first.
// used: vchannels by topic, at least one topic.
std::vector<std::size_t> ChooseLeastUsed(std::vector<std::size_t> used,
                                         std::size_t shards);

}  // namespace elanus::coordinator

// Which query node serves which shard.
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <vector>

namespace elanus::coordinator {

// For each shard the number of a node: always the one with the fewest shards,
// the lowest number first. used: shards by node, at least one node.
std::vector<std::size_t> AssignShards(std::vector<std::size_t> used,
                                      std::size_t shards);

}  // namespace elanus::coordinator

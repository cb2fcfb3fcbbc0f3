#include "coordinator/query/plan.h"

#include <algorithm>

namespace elanus::coordinator {

std::vector<std::size_t> AssignShards(std::vector<std::size_t> used,
                                      std::size_t shards) {
  std::vector<std::size_t> nodes;
  nodes.reserve(shards);
  for (std::size_t shard = 0; shard < shards; ++shard) {
    const auto least = std::min_element(used.begin(), used.end());
    ++*least;
    nodes.push_back(static_cast<std::size_t>(least - used.begin()));
  }
  return nodes;
}

}  // namespace elanus::coordinator

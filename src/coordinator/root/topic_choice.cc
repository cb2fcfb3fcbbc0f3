#include "coordinator/root/topic_choice.h"

#include <algorithm>

namespace elanus::coordinator {

std::vector<std::size_t> ChooseLeastUsed(std::vector<std::size_t> used,
                                         std::size_t shards) {
  std::vector<std::size_t> chosen;
  chosen.reserve(shards);
  for (std::size_t shard = 0; shard < shards; ++shard) {
    const auto least = std::min_element(used.begin(), used.end());
    ++*least;
    chosen.push_back(static_cast<std::size_t>(least - used.begin()));
  }
  return chosen;
}

}  // namespace elanus::coordinator

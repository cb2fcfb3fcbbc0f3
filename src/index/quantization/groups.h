// Points by the cluster each of them belongs to.
//
//   const Groups groups = GroupBy(nearest, clusters);
//   for (std::size_t i = groups.offsets[c]; i < groups.offsets[c + 1]; ++i) {
//     Use(groups.members[i]);
//   }
//
// Threads: pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace elanus::index {

struct Groups {
  std::vector<std::uint32_t> offsets;  // one more than clusters
  std::vector<std::uint32_t> members;  // cluster after cluster, each rising
};

// `cluster_of[i]`: that of point i, below `clusters`.
inline Groups GroupBy(std::span<const std::uint32_t> cluster_of,
                      std::size_t clusters) {
  Groups groups = {.offsets = std::vector<std::uint32_t>(clusters + 1),
                   .members = std::vector<std::uint32_t>(cluster_of.size())};
  for (const std::uint32_t cluster : cluster_of) ++groups.offsets[cluster + 1];
  for (std::size_t c = 0; c < clusters; ++c) {
    groups.offsets[c + 1] += groups.offsets[c];
  }
  std::vector<std::uint32_t> end(groups.offsets.begin(),
                                 groups.offsets.end() - 1);
  for (std::size_t i = 0; i < cluster_of.size(); ++i) {
    groups.members[end[cluster_of[i]]++] = static_cast<std::uint32_t>(i);
  }
  return groups;
}

}  // namespace elanus::index

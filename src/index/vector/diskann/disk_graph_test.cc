// Which nodes of a graph can be reached, and where they are put.
#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "index/vector/diskann/node_order.h"
#include "index/vector/diskann/reach.h"

namespace elanus::index {
namespace {

// How many nodes a walk can come to that goes everywhere.
std::size_t Reachable(const VamanaGraph& graph) {
  std::set<std::uint32_t> reached = {graph.entry};
  std::vector<std::uint32_t> open = {graph.entry};
  while (!open.empty()) {
    const std::uint32_t node = open.back();
    open.pop_back();
    for (const std::uint32_t next : graph.LinksOf(node)) {
      if (reached.insert(next).second) open.push_back(next);
    }
  }
  return reached.size();
}

TEST(ReachTest, EveryNodeIsReachedAndNoListGrowsTooLong) {
  std::mt19937 random(31);
  for (int round = 0; round < 60; ++round) {
    const std::size_t nodes = 1 + random() % 300;
    const std::size_t degree = 1 + random() % 4;
    VamanaGraph graph{.links = std::vector(nodes * 8, kNoRow),
                      .stride = 8,
                      .degree = degree,
                      .entry = static_cast<std::uint32_t>(random() % nodes)};
    // Most links lead to few nodes; some nodes have none.
    for (std::size_t node = 0; node < nodes; ++node) {
      const std::size_t count = random() % (degree + 1);
      std::set<std::uint32_t> links;
      for (std::size_t i = 0; i < count; ++i) {
        links.insert(static_cast<std::uint32_t>(
            random() % (random() % 4 == 0 ? nodes : nodes / 10 + 1)));
      }
      links.erase(static_cast<std::uint32_t>(node));
      std::copy(links.begin(), links.end(),
                graph.links.begin() + static_cast<long>(node * 8));
    }
    ASSERT_TRUE(ReachAll(base::OpContext(), graph).ok());
    EXPECT_EQ(Reachable(graph), nodes);
    for (std::size_t node = 0; node < nodes; ++node) {
      EXPECT_EQ(graph.links[node * 8 + degree], kNoRow);
      const auto links = graph.LinksOf(static_cast<std::uint32_t>(node));
      EXPECT_EQ(std::set(links.begin(), links.end()).size(), links.size());
    }
  }
}

TEST(NodeOrderTest, EveryNodeHasOnePlaceAndBlocksHoldNeighbours) {
  // A ring of nodes: each block can hold neighbours only.
  constexpr std::uint32_t kNodes = 1000;
  constexpr std::size_t kPerBlock = 5;
  VamanaGraph graph{.stride = 2, .degree = 2, .entry = 500};
  for (std::uint32_t node = 0; node < kNodes; ++node) {
    graph.links.push_back((node + 1) % kNodes);
    graph.links.push_back((node + kNodes - 1) % kNodes);
  }
  const auto order = OrderNodes(graph, kNodes, kPerBlock, 2 * kPerBlock);
  EXPECT_EQ(std::set<std::uint32_t>(order.begin(), order.end()).size(), kNodes);
  // Those around the entry point come first.
  for (std::size_t i = 0; i < 2 * kPerBlock; ++i) {
    EXPECT_NEAR(order[i], 500, 5);
  }
  std::size_t together = 0;
  for (std::size_t i = 0; i < kNodes; ++i) {
    const std::size_t block = i / kPerBlock;
    for (std::size_t j = block * kPerBlock; j < (block + 1) * kPerBlock; ++j) {
      if ((order[j] + 1) % kNodes == order[i]) ++together;
    }
  }
  EXPECT_GE(together, kNodes * 7 / 10);
}

}  // namespace
}  // namespace elanus::index

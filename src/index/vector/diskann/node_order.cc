#include "index/vector/diskann/node_order.h"

#include <algorithm>

#include "types/bitset.h"

namespace elanus::index {
namespace {

// All nodes, in the order of their number of steps from the entry point.
std::vector<std::uint32_t> ByDistanceFromEntry(const VamanaGraph& graph,
                                               std::size_t nodes) {
  std::vector<std::uint32_t> order = {graph.entry};
  order.reserve(nodes);
  types::Bitset seen(nodes);
  seen.Set(graph.entry);
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (const std::uint32_t next : graph.LinksOf(order[i])) {
      if (seen.Test(next)) continue;
      seen.Set(next);
      order.push_back(next);
    }
  }
  return order;
}

class Packer {
 public:
  Packer(const VamanaGraph& graph, std::size_t nodes, std::size_t per_block)
      : graph_(graph), per_block_(per_block), is_placed_(nodes) {
    order_.reserve(nodes);
  }

  bool IsPlaced(std::uint32_t node) const { return is_placed_.Test(node); }

  void Place(std::uint32_t node) {
    is_placed_.Set(node);
    order_.push_back(node);
  }

  // Fills the block that the last node placed is in, as far as there are
  // neighbours.
  void FillBlock() {
    std::size_t from = order_.size() - 1;
    for (; order_.size() % per_block_ != 0 && from < order_.size(); ++from) {
      for (const std::uint32_t next : graph_.LinksOf(order_[from])) {
        if (order_.size() % per_block_ == 0) return;
        if (!IsPlaced(next)) Place(next);
      }
    }
  }

  std::vector<std::uint32_t> Take() && { return std::move(order_); }

 private:
  const VamanaGraph& graph_;
  const std::size_t per_block_;
  types::Bitset is_placed_;
  std::vector<std::uint32_t> order_;
};

}  // namespace

std::vector<std::uint32_t> OrderNodes(const VamanaGraph& graph,
                                      std::size_t nodes, std::size_t per_block,
                                      std::size_t head) {
  if (nodes == 0) return {};
  const std::vector<std::uint32_t> near = ByDistanceFromEntry(graph, nodes);
  Packer packer(graph, nodes, per_block);
  for (std::size_t i = 0; i < std::min(head, nodes); ++i) {
    packer.Place(near[i]);
  }
  for (const std::uint32_t node : near) {
    if (packer.IsPlaced(node)) continue;
    packer.Place(node);
    packer.FillBlock();
  }
  return std::move(packer).Take();
}

}  // namespace elanus::index

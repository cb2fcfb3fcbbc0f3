#include "index/vector/diskann/reach.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace elanus::index {
namespace {

constexpr std::size_t kNodesBetweenChecks = 4096;

class Reach {
 public:
  Reach(const base::OpContext& ctx, VamanaGraph& graph)
      : ctx_(ctx),
        graph_(graph),
        parent_(graph.links.size() / graph.stride, kNoRow) {}

  absl::Status Run() {
    parent_[graph_.entry] = graph_.entry;
    RETURN_IF_ERROR(Spread(graph_.entry));
    for (std::uint32_t node = 0; node < parent_.size(); ++node) {
      if (IsReached(node)) continue;
      LinkTo(node);
      RETURN_IF_ERROR(Spread(node));
    }
    return absl::OkStatus();
  }

 private:
  bool IsReached(std::uint32_t node) const { return parent_[node] != kNoRow; }

  // Goes on from a node that has just been reached.
  absl::Status Spread(std::uint32_t start) {
    std::vector<std::uint32_t> met = {start};
    for (std::size_t i = 0; i < met.size(); ++i) {
      if (i % kNodesBetweenChecks == 0) RETURN_IF_ERROR(ctx_.Check());
      for (const std::uint32_t next : graph_.LinksOf(met[i])) {
        if (IsReached(next)) continue;
        parent_[next] = met[i];
        met.push_back(next);
      }
    }
    last_ = met.back();
    return absl::OkStatus();
  }

  // By its nearest neighbour that can, else by the last node that was reached:
  // nothing is reached by that one.
  void LinkTo(std::uint32_t node) {
    for (const std::uint32_t neighbour : graph_.LinksOf(node)) {
      if (IsReached(neighbour) && Link(neighbour, node)) return;
    }
    Link(last_, node);
  }

  // False if every link of `from` is needed.
  bool Link(std::uint32_t from, std::uint32_t to) {
    std::uint32_t* const links = graph_.links.data() + from * graph_.stride;
    std::size_t at = graph_.LinksOf(from).size();
    if (at == graph_.degree) {
      while (at > 0 && parent_[links[at - 1]] == from) --at;
      if (at == 0) return false;
      --at;
    }
    links[at] = to;
    parent_[to] = from;
    return true;
  }

  const base::OpContext& ctx_;
  VamanaGraph& graph_;
  // By whose link a node was first reached, kNoRow until then.
  std::vector<std::uint32_t> parent_;
  std::uint32_t last_ = kNoRow;
};

}  // namespace

absl::Status ReachAll(const base::OpContext& ctx, VamanaGraph& graph) {
  return Reach(ctx, graph).Run();
}

}  // namespace elanus::index

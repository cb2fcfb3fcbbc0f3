// Builds a Vamana graph: every row has up to `degree` links, some of them long,
// and a walk from the row in the middle comes near any query in few steps.
//
//   BuildSpace space(rows, metric, nodes);  // build_space.h
//   ASSIGN_OR_RETURN(const VamanaGraph graph,
//                    BuildVamana(ctx, space.graph(), {.degree = 56}, {}));
//   graph.LinksOf(node);
//
// Two passes over all rows in random order. A row walks through the graph as
// it is; of the rows met on the way it links to those that no other link makes
// needless, and they link back. The first pass keeps only what is nearer to
// the row than to a link (alpha 1). The second does so as well, and where that
// leaves room keeps a link unless another one is closer to it by a factor of
// 1.2: that is what makes walks short. In one go by the larger factor the near
// rows of a large cluster would take all the room, and no link would lead out
// of it. Nodes that nothing links to then get a link (reach.h).
//
// Threads: single-threaded builds of equal inputs give equal graphs. With
//          several threads rows go in at the same time; links are read without
//          a lock and written under the lock of their row.
// Errors:  of the context.
// Source:  Subramanya et al.: DiskANN: Fast Accurate Billion-point Nearest
//          Neighbor Search on a Single Node, NeurIPS 2019, algorithms 1 to 3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/hnsw/graph.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

struct VamanaShape {
  std::size_t degree = 56;
  std::size_t list_size = 100;  // candidates that a row's walk keeps
};

struct VamanaGraph {
  std::vector<std::uint32_t> links;  // `stride` a node, kNoRow behind the last
  std::size_t stride = 0;
  std::size_t degree = 0;
  std::uint32_t entry = 0;

  // Nearest first, but for one that was put where it was needed.
  std::span<const std::uint32_t> LinksOf(std::uint32_t node) const {
    const std::uint32_t* const first = links.data() + node * stride;
    std::size_t count = 0;
    while (count < degree && first[count] != kNoRow) ++count;
    return {first, count};
  }
};

// Bytes that the build of a graph takes a row, besides `space`.
std::size_t VamanaRowBytes(std::size_t degree);

// `space`: rows with vectors, codes or none, compared by L2; its own links are
// not looked at. At least one row.
absl::StatusOr<VamanaGraph> BuildVamana(const base::OpContext& ctx,
                                        const HnswGraph& space,
                                        const VamanaShape& shape,
                                        const BuildOptions& options);

}  // namespace elanus::index

// In which order the nodes of a graph are put into blocks: what shares a block
// is read together, so it should be wanted together.
//
// First come the nodes near the entry point, which every walk passes: they are
// what is kept in memory. Behind them each block is a node with the nearest of
// its neighbours that are still free, and where those run out with neighbours
// of theirs.
//
// Threads: pure.
// Source:  the idea of Wang et al.: Starling: An I/O-Efficient Disk-Resident
//          Graph Index Framework for High-Dimensional Vector Similarity Search
//          on Data Segment, SIGMOD 2024, section 4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "index/vector/diskann/vamana.h"

namespace elanus::index {

// The node at each place. All can be reached from the entry point. `head`: so
// many are near the entry point, a multiple of `per_block`.
std::vector<std::uint32_t> OrderNodes(const VamanaGraph& graph,
                                      std::size_t nodes, std::size_t per_block,
                                      std::size_t head);

}  // namespace elanus::index

// The levels that the rows of a graph reach.
//
// Threads: pure.
// Source:  arXiv:1603.09320, section 4.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace elanus::index {

// Drawn from the seed: one row in m reaches the next level. Of more rows the
// first get the same levels.
std::vector<std::uint8_t> DrawLevels(std::size_t rows, std::uint32_t m,
                                     std::uint64_t seed);

// A row's first list above level 0 (HnswGraph::upper_first), and behind the
// last row how many there are.
std::vector<std::uint32_t> UpperFirst(std::span<const std::uint8_t> levels);

}  // namespace elanus::index

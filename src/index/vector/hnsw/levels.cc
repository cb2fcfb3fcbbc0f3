#include "index/vector/hnsw/levels.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "index/vector/hnsw/graph.h"

namespace elanus::index {

std::vector<std::uint8_t> DrawLevels(std::size_t rows, std::uint32_t m,
                                     std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const double scale = 1.0 / std::log(static_cast<double>(m));
  std::vector<std::uint8_t> levels(rows);
  for (std::uint8_t& level : levels) {
    // In (0, 1], the same on every machine.
    const double uniform =
        std::ldexp(static_cast<double>((random() >> 11) + 1), -53);
    const double drawn = std::floor(-std::log(uniform) * scale);
    level = static_cast<std::uint8_t>(
        std::min(drawn, static_cast<double>(kMaxHnswLevel)));
  }
  return levels;
}

std::vector<std::uint32_t> UpperFirst(std::span<const std::uint8_t> levels) {
  std::vector<std::uint32_t> first;
  first.reserve(levels.size() + 1);
  first.push_back(0);
  for (const std::uint8_t level : levels) first.push_back(first.back() + level);
  return first;
}

}  // namespace elanus::index

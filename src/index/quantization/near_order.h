// Puts vectors in an order in which neighbours lie near each other, run by run:
// halved again and again between two that lie far apart, down to runs of
// `run`.
//
//   const std::vector<std::uint32_t> order = NearOrder(rows, count, dim, 32);
//
// Threads: pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "simd/distance.h"

namespace elanus::index {

// order[place] = row. Values that are no numbers end anywhere.
std::vector<std::uint32_t> NearOrder(simd::RowTable rows, std::size_t count,
                                     std::size_t dim, std::size_t run);

}  // namespace elanus::index

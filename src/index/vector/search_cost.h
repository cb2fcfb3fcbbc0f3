// What a search of one query costs, in nanoseconds of one core: an estimate
// from what the search does, the same on every machine and at every load. Good
// for choosing between two ways, which is all it is for.
//
// Threads: pure.
#pragma once

#include <cstddef>

namespace elanus::index {

// A walk through an HNSW graph with `m` links a row that keeps `ef` candidates.
double GraphSearchCost(std::size_t ef, std::size_t m, std::size_t dim);

// A search of lists of 4-bit codes.
struct ListSearch {
  std::size_t dim = 0;
  std::size_t lists = 0;
  std::size_t parts = 0;      // of a code
  std::size_t probes = 0;     // lists looked into
  std::size_t rows = 0;       // in them
  std::size_t reordered = 0;  // ranked again by their vectors
};
double ListSearchCost(const ListSearch& search);

}  // namespace elanus::index

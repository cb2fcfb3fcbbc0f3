// What is asked of the interim indexes of one segment.
#pragma once

#include <cstddef>

#include "index/vector/vector_index.h"
#include "types/bitset.h"

namespace elanus::index {

struct InterimQuery {
  // One, as the kernels want it (BindQueries).
  const float* query = nullptr;
  std::size_t k = 10;
  // Rows [begin, end) are looked at, as far as the index holds them.
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t passing = 0;  // how many of them are in, or a guess
  types::BitsetView excluded;
  float limit = kNoDistance;  // what is farther need not be found
};

}  // namespace elanus::index

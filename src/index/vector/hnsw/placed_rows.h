// The rows of a graph before it is built: in their order in its file, where an
// order can be given to them once their vectors are there.
//
//   PlacedRows rows = {.levels = levels, .next_equal = next_equal};
//   rows.PutInOrder(order, vectors, stride, dim);
//   rows.numbers[0];  // which row lies first now
//
// Threads: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace elanus::index {

struct PlacedRows {
  std::vector<std::uint8_t> levels;
  std::vector<std::uint32_t> next_equal;  // none if no two rows are equal
  std::vector<std::uint32_t> numbers;     // none: they lie as numbered

  // Where the rows lie as numbered: puts row order[i] at place i, here and in
  // `vectors`, which holds `dim` values a row and takes no second copy. Rows
  // of a chain must still rise.
  void PutInOrder(std::vector<std::uint32_t> order, float* vectors,
                  std::size_t stride, std::size_t dim);
};

}  // namespace elanus::index

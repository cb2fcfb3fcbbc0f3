// Which rows lie in which list of an IVF index. Rows have positions: list
// after list, within a list by row number.
//
// Ownership: spans into the index file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "index/vector/index_file.h"
#include "simd/list_codes.h"

namespace elanus::index {

// Codes that are compared many at a time lie in blocks of so many rows; each
// list starts a new block.
inline constexpr std::size_t kBlockRows = simd::kScanRows;

inline std::size_t BlocksFor(std::size_t rows) {
  return (rows + kBlockRows - 1) / kBlockRows;
}

// One list, as a query sees it.
struct ListRef {
  std::uint32_t list = 0;
  std::size_t begin = 0;  // position of its first row
  std::size_t rows = 0;
  std::size_t first_block = 0;  // of its codes
  // PackedTable's score of its centroid for the query.
  float score = 0;
};

struct Lists {
  std::span<const std::uint32_t> offsets;  // one more than lists
  std::span<const std::uint32_t> ids;      // row of each position
  std::vector<std::uint32_t> first_block;  // one more than lists

  std::size_t count() const { return offsets.size() - 1; }
  std::size_t rows() const { return ids.size(); }
  std::size_t blocks() const { return first_block.back(); }

  ListRef At(std::size_t list, float score) const {
    return {.list = static_cast<std::uint32_t>(list),
            .begin = offsets[list],
            .rows = offsets[list + 1] - offsets[list],
            .first_block = first_block[list],
            .score = score};
  }
};

// `offsets` and `ids` as they are; counts the blocks.
Lists MakeLists(std::span<const std::uint32_t> offsets,
                std::span<const std::uint32_t> ids);

// Every row lies in one list, or DATA_LOSS.
absl::StatusOr<Lists> ListsIn(const IndexFileReader& file, std::size_t count);

}  // namespace elanus::index

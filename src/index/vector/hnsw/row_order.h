// Where the rows of a graph lie in its file. Rows that are near each other lie
// behind each other, list by list: what a walk reads next is then often in a
// line or a page that it has just read.
//
// All that a graph numbers are positions: links, codes, sketches, hits. This
// says which row each of them is, as filters and answers number them.
//
//   ASSIGN_OR_RETURN(const RowOrder order, RowOrder::Open(file));
//   if (!excluded.Test(order.NumberOf(position))) ...
//
// Threads:   immutable.
// Ownership: borrows the file's bytes.
// Errors:    DATA_LOSS for bytes that are none.
// Source:    B. Coleman, S. Segarra, A. Smola, A. Shrivastava, "Graph
//            Reordering for Cache-Efficient Near Neighbor Search", NeurIPS
//            2022, arXiv:2104.03221: why; the order here is that of lists.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "index/vector/index_file.h"

namespace elanus::index {

class RowOrder {
 public:
  // Rows lie as they are numbered.
  RowOrder() = default;
  // That, too, for a file that has no order.
  static absl::StatusOr<RowOrder> Open(const IndexFileReader& file);

  bool is_given() const { return !numbers_.empty(); }
  std::uint32_t NumberOf(std::uint32_t position) const {
    return is_given() ? numbers_[position] : position;
  }
  std::uint32_t PositionOf(std::uint32_t number) const {
    return is_given() ? positions_[number] : number;
  }
  // Of each position; none where rows lie as they are numbered.
  std::span<const std::uint32_t> numbers() const { return numbers_; }

 private:
  RowOrder(std::span<const std::uint32_t> numbers,
           std::span<const std::uint32_t> positions)
      : numbers_(numbers), positions_(positions) {}

  std::span<const std::uint32_t> numbers_;
  std::span<const std::uint32_t> positions_;
};

// The position of each number.
std::vector<std::uint32_t> PositionsOf(std::span<const std::uint32_t> numbers);

// From this version of the format on a file's rows may have an order. Before,
// for a short while, only sketches had one: they and the lists are not used.
inline constexpr std::uint16_t kOrderedVersion = 4;

}  // namespace elanus::index

#include "index/vector/hnsw/row_order.h"

#include <cstddef>

namespace elanus::index {

absl::StatusOr<RowOrder> RowOrder::Open(const IndexFileReader& file) {
  if (file.info().version < kOrderedVersion ||
      !file.Has(Section::kRowPositions) ||
      file.Bytes(Section::kRowPositions).empty()) {
    return RowOrder();
  }
  const auto rows = static_cast<std::size_t>(file.info().rows);
  ASSIGN_OR_RETURN(const auto numbers,
                   file.Array<std::uint32_t>(Section::kListRows, rows));
  ASSIGN_OR_RETURN(const auto positions,
                   file.Array<std::uint32_t>(Section::kRowPositions, rows));
  for (std::size_t number = 0; number < rows; ++number) {
    const std::uint32_t position = positions[number];
    if (position >= rows || numbers[position] != number) {
      return base::DataLoss("{}: row {} does not lie at {}", file.name(),
                            number, position);
    }
  }
  return RowOrder(numbers, positions);
}

std::vector<std::uint32_t> PositionsOf(std::span<const std::uint32_t> numbers) {
  std::vector<std::uint32_t> positions(numbers.size());
  for (std::size_t position = 0; position < numbers.size(); ++position) {
    positions[numbers[position]] = static_cast<std::uint32_t>(position);
  }
  return positions;
}

}  // namespace elanus::index

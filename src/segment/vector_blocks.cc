#include "segment/vector_blocks.h"

#include <algorithm>

namespace elanus::segment {

absl::StatusOr<std::vector<index::VectorBlock>> VectorBlocks(
    const Segment& segment, const types::FieldSchema& field, std::size_t begin,
    std::size_t end) {
  std::vector<index::VectorBlock> blocks;
  for (std::size_t row = begin; row < end;) {
    const ChunkRange chunk = segment.ChunkOf(row);
    ASSIGN_OR_RETURN(const types::ColumnView values,
                     segment.Column(field, chunk.index));
    const std::size_t skipped = row - chunk.row_begin;
    const std::size_t skipped_bytes =
        skipped == 0 ? 0 : skipped * types::FixedWidth(field.type, field.dim);
    const std::size_t rows = std::min(chunk.rows - skipped, end - row);
    blocks.push_back({.data = values.values.data() + skipped_bytes,
                      .rows = rows,
                      .offsets = values.offsets.data()});
    row += rows;
  }
  return blocks;
}

}  // namespace elanus::segment

#include "segment/vector_blocks.h"

namespace elanus::segment {

absl::StatusOr<std::vector<index::VectorBlock>> VectorBlocks(
    const Segment& segment, const types::FieldSchema& field, std::size_t rows) {
  std::vector<index::VectorBlock> blocks;
  for (const ChunkRange& chunk : segment.Chunks(rows)) {
    ASSIGN_OR_RETURN(const types::ColumnView values,
                     segment.Column(field, chunk.index));
    blocks.push_back({.data = values.values.data(),
                      .rows = chunk.rows,
                      .offsets = values.offsets.data()});
  }
  return blocks;
}

}  // namespace elanus::segment

// The vectors of a segment where they lie, as indexes want them.
//
//   ASSIGN_OR_RETURN(const std::vector<index::VectorBlock> blocks,
//                    VectorBlocks(segment, field, segment.rows()));
//   Build({.blocks = blocks, .dim = ..., .type = field.type});
//
// Threads:   pure.
// Ownership: the blocks live as long as the segment.
// Errors:    DATA_LOSS where the segment's file is damaged.
#pragma once

#include <cstddef>
#include <vector>

#include "base/status.h"
#include "index/vector/vector_index.h"
#include "segment/segment.h"
#include "types/schema.h"

namespace elanus::segment {

// Of the rows [begin, end), chunk by chunk. Rows that do not start with a
// chunk are dense.
absl::StatusOr<std::vector<index::VectorBlock>> VectorBlocks(
    const Segment& segment, const types::FieldSchema& field, std::size_t begin,
    std::size_t end);

inline absl::StatusOr<std::vector<index::VectorBlock>> VectorBlocks(
    const Segment& segment, const types::FieldSchema& field, std::size_t rows) {
  return VectorBlocks(segment, field, 0, rows);
}

}  // namespace elanus::segment

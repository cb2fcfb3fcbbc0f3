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

// Of the rows [0, rows), chunk by chunk.
absl::StatusOr<std::vector<index::VectorBlock>> VectorBlocks(
    const Segment& segment, const types::FieldSchema& field, std::size_t rows);

}  // namespace elanus::segment

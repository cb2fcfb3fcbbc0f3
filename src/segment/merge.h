// One answer out of those of several segments: each primary key once.
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/hybrid_time.h"
#include "base/status.h"
#include "index/vector/vector_index.h"
#include "segment/query.h"
#include "segment/search.h"
#include "segment/segment.h"
#include "types/value.h"

namespace elanus::segment {

struct MergedHit {
  types::PrimaryKey key;
  float distance = 0;
  std::size_t source = 0;  // which of the segments
  RowOffset row = 0;
};

// Per query the k nearest keys, nearest first, equal distances by rising key;
// of several rows of a key the nearest. hits[i] is segments[i]'s answer, all
// for the same queries.
// Errors: DATA_LOSS from the key columns.
absl::StatusOr<std::vector<std::vector<MergedHit>>> MergeHits(
    std::span<const std::shared_ptr<const Segment>> segments,
    std::span<const SegmentHits> hits, std::size_t k);

struct MergedRow {
  types::PrimaryKey key;
  base::Timestamp at;
  std::size_t source = 0;
  RowOffset row = 0;
};

// By rising key, at most `limit`; of several rows of a key the newest.
// rows[i] is what Retrieve gave for segment i with the same limit.
std::vector<MergedRow> MergeRows(std::span<const std::vector<FoundRow>> rows,
                                 std::size_t limit);

}  // namespace elanus::segment

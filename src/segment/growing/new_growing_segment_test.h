// An empty growing segment of the test schema, for tests.
#pragma once

#include <memory>

#include "base/memory_budget.h"
#include "segment/growing/growing_segment.h"
#include "segment/rows_maker_test.h"

namespace elanus::segment {

inline std::unique_ptr<GrowingSegment> NewGrowingSegment(
    base::MemoryBudget& budget) {
  return std::make_unique<GrowingSegment>(
      Segment::Identity{.id = base::SegmentId{1},
                        .partition = base::PartitionId{5},
                        .schema = TestSchema()},
      budget);
}

}  // namespace elanus::segment

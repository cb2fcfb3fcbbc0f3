// What a shard is at one moment: each of its segments once. Immutable and
// replaced as a whole; a read holds its view to the end.
//
// Threads: immutable.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "index/vector/registry.h"
#include "segment/growing/growing_segment.h"
#include "segment/sealed/sealed_segment.h"
#include "types/metric.h"
#include "types/schema.h"

namespace elanus::worker {

// The index that was defined on a field, whether its segments have it or not.
struct IndexDefinition {
  base::IndexId id{0};
  std::string name;
  std::string type;
  types::MetricType metric = types::MetricType::kCosine;
  index::MinHashParams minhash;  // MHJACCARD only
};

struct View {
  std::shared_ptr<const types::Schema> schema;
  std::vector<std::shared_ptr<segment::SealedSegment>> sealed;
  // Closed, and their rows are in files; but the index on those is still to be
  // built, and until then these are searched faster.
  std::vector<std::shared_ptr<segment::GrowingSegment>> unindexed;
  // All partitions, loaded or not: what is not loaded is left out by the read.
  std::vector<std::shared_ptr<segment::GrowingSegment>> growing;
  std::map<base::FieldId, IndexDefinition> indexes;
};

}  // namespace elanus::worker

// What the planner has to know of segments and delete files: pure functions of
// records.
//
// A tombstone is due once it is older than the retention: only then a rewrite
// drops the rows that it hides. Of younger ones a rewrite would keep the rows
// and have to be done again.
//
// Threads: pure.
#pragma once

#include <cstdint>
#include <vector>

#include "base/hybrid_time.h"
#include "coordinator/data/compaction_plan.h"
#include "coordinator/data/data_meta.h"
#include "proto/internal/meta.pb.h"

namespace elanus::coordinator {

// The file may hold tombstones for rows of the segment that are not folded
// into it.
bool IsPending(const internal::DeleteFileMeta& file,
               const internal::SegmentMeta& segment);

// live: segments of one collection; channels: its vchannels; kept_from: the
// oldest time that reads may still ask for.
std::vector<CompactionCandidate> ListCandidates(
    const std::vector<Ref<internal::SegmentMeta>>& live,
    const std::vector<Ref<internal::ChannelMeta>>& channels,
    base::Timestamp kept_from);

}  // namespace elanus::coordinator

// Which segments and delete files to merge: pure functions of what is there.
//
// Size-tiered (as in P. O'Neil et al., "The log-structured merge-tree", 1996,
// and its tiered descendants): small segments are merged with each other, so
// that a row is rewritten about log(size) times; a segment with many deleted
// rows is rewritten alone.
//
// Threads: pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace elanus::coordinator {

// Largest number of inputs: the swap is one transaction.
inline constexpr std::size_t kCompactionInputsMax = 32;

struct CompactionCandidate {
  std::int64_t segment = 0;
  std::int64_t partition = 0;
  std::int32_t shard = 0;
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  // Estimate of the rows that a rewrite would drop.
  std::int64_t droppable_rows = 0;
  // Delete files with tombstones that are not folded into it yet.
  std::int64_t pending_files = 0;
};

struct CompactionLimits {
  std::int64_t segment_bytes_max = 0;
  // Small segments of one partition and shard that start a merge.
  std::size_t merge_at = 4;
  // Share of rows that a rewrite would drop, from which on it is done.
  double deleted_share = 0.2;
  // Who loads the segment opens them all.
  std::int64_t pending_files_max = 64;
  // Asked for by a user: whatever can be merged or rewritten is.
  bool forced = false;
};

// Groups of segments of one partition and shard, each to become one segment;
// no segment stands in two groups.
std::vector<std::vector<std::int64_t>> PlanCompactions(
    std::span<const CompactionCandidate> candidates,
    const CompactionLimits& limits);

// How many of the newest delete files are to become one; 0 = none. counts: of
// the tombstones of a vchannel's delete files, oldest first. A file far larger
// than all newer ones together is left out, and so are all before it: each
// tombstone is rewritten about log(size) times, and what is left is few files
// of each size.
std::size_t PlanDeleteMerge(std::span<const std::uint64_t> counts);

}  // namespace elanus::coordinator

#include "coordinator/data/compaction_plan.h"

#include <algorithm>
#include <map>
#include <utility>

namespace elanus::coordinator {
namespace {

using Group = std::vector<const CompactionCandidate*>;

// From the smallest on, as many as fit into one segment.
Group TakeSmallest(Group& segments, const CompactionLimits& limits) {
  Group taken;
  std::int64_t bytes = 0;
  while (!segments.empty() && taken.size() < kCompactionInputsMax) {
    const CompactionCandidate* next = segments.front();
    if (bytes + next->bytes > limits.segment_bytes_max) break;
    // A segment far larger than all before it together gains nothing from the
    // merge and would be rewritten again and again.
    if (!limits.forced && taken.size() >= limits.merge_at &&
        next->bytes > 2 * bytes) {
      break;
    }
    bytes += next->bytes;
    taken.push_back(next);
    segments.erase(segments.begin());
  }
  return taken;
}

constexpr std::size_t kDeleteMergeAt = 8;
constexpr std::uint64_t kDeleteMergeMax = 1'000'000;  // tombstones
constexpr std::uint64_t kDeleteMergeFree = 10'000;
constexpr std::uint64_t kDeleteMergeRatio = 4;

bool IsWorthRewriting(const CompactionCandidate& segment,
                      const CompactionLimits& limits) {
  if (limits.forced) {
    return segment.droppable_rows > 0 || segment.pending_files > 0;
  }
  return segment.pending_files > limits.pending_files_max ||
         static_cast<double>(segment.droppable_rows) >
             limits.deleted_share * static_cast<double>(segment.rows);
}

}  // namespace

std::vector<std::vector<std::int64_t>> PlanCompactions(
    std::span<const CompactionCandidate> candidates,
    const CompactionLimits& limits) {
  std::map<std::pair<std::int64_t, std::int32_t>, Group> groups;
  for (const CompactionCandidate& segment : candidates) {
    groups[{segment.partition, segment.shard}].push_back(&segment);
  }
  std::vector<std::vector<std::int64_t>> plans;
  for (auto& [place, segments] : groups) {
    std::ranges::sort(segments, {}, [](const CompactionCandidate* segment) {
      return std::pair(segment->bytes, segment->segment);
    });
    const std::size_t merge_at = limits.forced ? 2 : limits.merge_at;
    while (!segments.empty()) {
      Group taken = TakeSmallest(segments, limits);
      if (taken.empty()) {  // the smallest is larger than a segment may be
        taken.push_back(segments.front());
        segments.erase(segments.begin());
      }
      if (taken.size() >= merge_at) {
        std::vector<std::int64_t>& plan = plans.emplace_back();
        for (const CompactionCandidate* segment : taken) {
          plan.push_back(segment->segment);
        }
        continue;
      }
      for (const CompactionCandidate* segment : taken) {
        if (IsWorthRewriting(*segment, limits)) {
          plans.push_back({segment->segment});
        }
      }
    }
  }
  return plans;
}

std::size_t PlanDeleteMerge(std::span<const std::uint64_t> counts) {
  std::uint64_t total = 0;
  std::size_t taken = 0;
  while (taken < counts.size()) {
    const std::uint64_t next = counts[counts.size() - 1 - taken];
    if (next > kDeleteMergeRatio * std::max(total, kDeleteMergeFree) ||
        total + next > kDeleteMergeMax) {
      break;
    }
    total += next;
    ++taken;
  }
  return taken >= kDeleteMergeAt ? taken : 0;
}

}  // namespace elanus::coordinator

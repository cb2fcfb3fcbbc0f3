#include "segment/merge.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"

namespace elanus::segment {
namespace {

bool Nearer(const MergedHit& a, const MergedHit& b) {
  return a.distance != b.distance ? a.distance < b.distance : a.key < b.key;
}

absl::StatusOr<std::vector<MergedHit>> CandidatesOf(
    std::span<const std::shared_ptr<const Segment>> segments,
    std::span<const SegmentHits> hits, std::size_t query) {
  std::vector<MergedHit> candidates;
  for (std::size_t source = 0; source < segments.size(); ++source) {
    for (const index::Neighbor& hit : hits[source][query]) {
      ASSIGN_OR_RETURN(types::PrimaryKey key,
                       segments[source]->KeyOfRow(hit.row));
      candidates.push_back({.key = std::move(key),
                            .distance = hit.distance,
                            .source = source,
                            .row = hit.row});
    }
  }
  return candidates;
}

}  // namespace

absl::StatusOr<std::vector<std::vector<MergedHit>>> MergeHits(
    std::span<const std::shared_ptr<const Segment>> segments,
    std::span<const SegmentHits> hits, std::size_t k) {
  std::vector<std::vector<MergedHit>> merged(
      hits.empty() ? 0 : hits.front().size());
  for (std::size_t query = 0; query < merged.size(); ++query) {
    ASSIGN_OR_RETURN(std::vector<MergedHit> candidates,
                     CandidatesOf(segments, hits, query));
    std::ranges::sort(candidates, Nearer);
    absl::flat_hash_set<types::PrimaryKey> seen;
    for (MergedHit& hit : candidates) {
      if (merged[query].size() == k) break;
      if (!seen.insert(hit.key).second) continue;
      merged[query].push_back(std::move(hit));
    }
  }
  return merged;
}

std::vector<MergedRow> MergeRows(std::span<const std::vector<FoundRow>> rows,
                                 std::size_t limit) {
  std::vector<MergedRow> merged;
  for (std::size_t source = 0; source < rows.size(); ++source) {
    for (const FoundRow& row : rows[source]) {
      merged.push_back(
          {.key = row.key, .at = row.at, .source = source, .row = row.row});
    }
  }
  std::ranges::sort(merged, [](const MergedRow& a, const MergedRow& b) {
    return a.key != b.key ? a.key < b.key : a.at > b.at;
  });
  const auto repeated = std::ranges::unique(merged, {}, &MergedRow::key);
  merged.erase(repeated.begin(), repeated.end());
  if (merged.size() > limit)
    merged.erase(merged.begin() + static_cast<std::ptrdiff_t>(limit),
                 merged.end());
  return merged;
}

}  // namespace elanus::segment

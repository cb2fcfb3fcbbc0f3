#include "segment/merge.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"

namespace elanus::segment {
namespace {

// A hit whose key nobody has looked up.
struct Candidate {
  float distance = 0;
  std::uint32_t source = 0;
  RowOffset row = 0;
};

std::vector<Candidate> NearestFirst(std::span<const SegmentHits> hits,
                                    std::size_t query) {
  std::vector<Candidate> candidates;
  for (std::uint32_t source = 0; source < hits.size(); ++source) {
    for (const index::Neighbor& hit : hits[source][query]) {
      candidates.push_back(
          {.distance = hit.distance, .source = source, .row = hit.row});
    }
  }
  std::ranges::stable_sort(candidates, {}, &Candidate::distance);
  return candidates;
}

// The candidates, all at one distance, by rising key.
absl::Status AddKeys(std::span<const std::shared_ptr<const Segment>> segments,
                     std::span<const Candidate> candidates,
                     std::vector<MergedHit>& hits) {
  hits.clear();
  for (const Candidate& candidate : candidates) {
    ASSIGN_OR_RETURN(types::PrimaryKey key,
                     segments[candidate.source]->KeyOfRow(candidate.row));
    hits.push_back({.key = std::move(key),
                    .distance = candidate.distance,
                    .source = candidate.source,
                    .row = candidate.row});
  }
  std::ranges::stable_sort(hits, {}, &MergedHit::key);
  return absl::OkStatus();
}

// Keys are looked up in the order of distance, until there are k: each segment
// has given k rows, and most of them are farther than the k nearest of all.
absl::StatusOr<std::vector<MergedHit>> MergeQuery(
    std::span<const std::shared_ptr<const Segment>> segments,
    std::span<const Candidate> candidates, std::size_t k) {
  std::vector<MergedHit> merged;
  merged.reserve(std::min(k, candidates.size()));
  absl::flat_hash_set<types::PrimaryKey> seen;
  std::vector<MergedHit> as_near;
  while (!candidates.empty() && merged.size() < k) {
    std::size_t count = 1;
    while (count < candidates.size() &&
           candidates[count].distance == candidates[0].distance) {
      ++count;
    }
    RETURN_IF_ERROR(AddKeys(segments, candidates.first(count), as_near));
    for (MergedHit& hit : as_near) {
      if (merged.size() == k) break;
      if (seen.insert(hit.key).second) merged.push_back(std::move(hit));
    }
    candidates = candidates.subspan(count);
  }
  return merged;
}

}  // namespace

absl::StatusOr<std::vector<std::vector<MergedHit>>> MergeHits(
    std::span<const std::shared_ptr<const Segment>> segments,
    std::span<const SegmentHits> hits, std::size_t k) {
  std::vector<std::vector<MergedHit>> merged(
      hits.empty() ? 0 : hits.front().size());
  for (std::size_t query = 0; query < merged.size(); ++query) {
    ASSIGN_OR_RETURN(merged[query],
                     MergeQuery(segments, NearestFirst(hits, query), k));
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

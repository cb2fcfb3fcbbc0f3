#include "coordinator/data/compaction_candidates.h"

#include <algorithm>
#include <map>

namespace elanus::coordinator {
namespace {

// How many of a file's tombstones are due, as if its times lay evenly.
double DueOf(const internal::DeleteFileMeta& file, base::Timestamp kept_from) {
  const auto count = static_cast<double>(file.count());
  if (file.max_at() <= kept_from.value) return count;
  if (file.min_at() > kept_from.value) return 0;
  return count * static_cast<double>(kept_from.value - file.min_at()) /
         static_cast<double>(file.max_at() - file.min_at());
}

struct Pending {
  CompactionCandidate candidate;
  double due = 0;
};

Pending PendingOf(const internal::SegmentMeta& segment,
                  const std::vector<Ref<internal::ChannelMeta>>& channels,
                  base::Timestamp kept_from) {
  Pending pending{.candidate = {.segment = segment.id(),
                                .partition = segment.partition_id(),
                                .shard = segment.shard(),
                                .rows = segment.rows(),
                                .bytes = segment.bytes()}};
  for (const Ref<internal::ChannelMeta>& channel : channels) {
    if (channel->message.shard() != segment.shard()) continue;
    for (const auto& file : channel->message.delete_files()) {
      if (!IsPending(file, segment)) continue;
      ++pending.candidate.pending_files;
      pending.due += DueOf(file, kept_from);
    }
  }
  return pending;
}

}  // namespace

bool IsPending(const internal::DeleteFileMeta& file,
               const internal::SegmentMeta& segment) {
  return file.max_at() > segment.deletes_to() &&
         file.max_upto() >= segment.min_at();
}

std::vector<CompactionCandidate> ListCandidates(
    const std::vector<Ref<internal::SegmentMeta>>& live,
    const std::vector<Ref<internal::ChannelMeta>>& channels,
    base::Timestamp kept_from) {
  std::vector<Pending> all;
  // Which rows a tombstone hides is not known here: it is shared out among
  // all that it could hide. So what is hidden stays below a share of the
  // shard's rows, wherever it lies, and a few deletes do not have every
  // segment of a large shard rewritten.
  std::map<std::int32_t, double> rows_of_shard;
  for (const Ref<internal::SegmentMeta>& segment : live) {
    all.push_back(PendingOf(segment->message, channels, kept_from));
    if (all.back().due > 0) {
      rows_of_shard[segment->message.shard()] +=
          static_cast<double>(segment->message.rows());
    }
  }
  std::vector<CompactionCandidate> candidates;
  for (std::size_t i = 0; i < all.size(); ++i) {
    CompactionCandidate& candidate = all[i].candidate;
    const internal::SegmentMeta& segment = live[i]->message;
    if (all[i].due > 0) {
      candidate.droppable_rows = static_cast<std::int64_t>(
          all[i].due * static_cast<double>(candidate.rows) /
          rows_of_shard[candidate.shard]);
    }
    if (segment.deletes_to() <= kept_from.value) {
      candidate.droppable_rows += segment.deleted_rows();
    }
    candidate.droppable_rows =
        std::min(candidate.droppable_rows, candidate.rows);
    candidates.push_back(candidate);
  }
  return candidates;
}

}  // namespace elanus::coordinator

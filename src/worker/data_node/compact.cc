// A compaction's work: rows of several segments, without those that are
// deleted for good, become one segment.
#include <algorithm>
#include <utility>
#include <vector>

#include "base/log.h"
#include "segment/file/delete_file.h"
#include "segment/sealed/sealed_segment.h"
#include "worker/channel_spec.h"
#include "worker/data_node/data_node.h"
#include "worker/data_node/delete_writer.h"
#include "worker/data_node/segment_files.h"
#include "worker/delete_files.h"

namespace elanus::worker {
namespace {

// For each source: since when its deleted rows are deleted.
using DeletedRows =
    std::vector<absl::flat_hash_map<segment::RowOffset, base::Timestamp>>;

DeletedRows ListDeleted(const Sources& sources) {
  DeletedRows deleted(sources.size());
  for (std::size_t i = 0; i < sources.size(); ++i) {
    for (const auto& marked : sources[i]->deleted_rows()) {
      deleted[i].emplace(marked.row, marked.at);
    }
  }
  return deleted;
}

struct Kept {
  std::vector<SourceRow> rows;
  std::vector<FoldedRow> folded;
};

Kept KeepRows(const std::vector<SourceRow>& rows, const DeletedRows& deleted,
              base::Timestamp drop_to) {
  Kept kept;
  kept.rows.reserve(rows.size());
  for (const SourceRow& row : rows) {
    const auto it = deleted[row.source].find(row.row);
    if (it == deleted[row.source].end()) {
      kept.rows.push_back(row);
    } else if (it->second > drop_to) {
      kept.folded.push_back(
          {static_cast<segment::RowOffset>(kept.rows.size()), it->second});
      kept.rows.push_back(row);
    }
  }
  return kept;
}

}  // namespace

void DataNode::Compact(const base::OpContext&,
                       const internal::CompactRequest& request,
                       internal::CompactReply* reply, base::Done done) {
  deps_.compactions.Submit(
      [this, &request, reply, done = std::move(done)]() mutable {
        absl::Status status = CheckRuns();
        if (status.ok()) status = DoCompact(request, reply);
        done(std::move(status));
      });
}

void DataNode::MergeDeletes(const base::OpContext&,
                            const internal::MergeDeletesRequest& request,
                            internal::MergeDeletesReply* reply,
                            base::Done done) {
  deps_.background.Submit(
      [this, &request, reply, done = std::move(done)]() mutable {
        auto merged = MergeDeleteFiles(deps_.objects, request);
        if (merged.ok()) *reply->mutable_merged() = *std::move(merged);
        done(merged.status());
      });
}

absl::Status DataNode::CheckRuns() const {
  base::MutexLock lock(mutex_);
  if (!stopped_) return absl::OkStatus();
  return base::Error(base::ErrorCode::kServiceNotReady, "the node is stopping");
}

absl::Status DataNode::DoCompact(const internal::CompactRequest& request,
                                 internal::CompactReply* reply) const {
  ASSIGN_OR_RETURN(const std::shared_ptr<const types::Schema> schema,
                   SchemaOf(request.collection()));
  Sources sources;
  DeleteFiles deletes(deps_.objects, request.delete_files());
  base::Timestamp history_from{request.drop_to()};
  std::string synced_to;
  const base::Timestamp fold_to{request.fold_to()};
  for (const internal::SegmentMeta& input : request.inputs()) {
    ASSIGN_OR_RETURN(const std::shared_ptr<segment::SealedSegment> segment,
                     segment::SealedSegment::Open(
                         deps_.objects, deps_.budget,
                         {.manifest = input.manifest().name(),
                          .manifest_crc32c = input.manifest().crc32c(),
                          .schema = schema}));
    RETURN_IF_ERROR(deletes.Apply(fold_to, *segment));
    segment->PublishDeletes();
    sources.push_back(segment);
    history_from = std::max(history_from, {input.history_from()});
    synced_to = std::max(synced_to, input.synced_to());
  }
  ASSIGN_OR_RETURN(const std::vector<SourceRow> all, RowsByKey(sources));
  const Kept kept = KeepRows(all, ListDeleted(sources), {request.drop_to()});
  if (kept.rows.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(
      *reply->mutable_output(),
      WriteSegment(deps_.objects,
                   {.collection = request.collection(),
                    .schema = *schema,
                    .shard = request.shard(),
                    .partition = base::PartitionId{request.partition_id()},
                    .segment = base::SegmentId{request.target_segment_id()},
                    .attempt = base::AttemptId{request.attempt_id()},
                    .sources = sources,
                    .rows = kept.rows,
                    .folded = kept.folded,
                    .synced_to = storage::Position::FromBytes(synced_to),
                    .deletes_to = fold_to,
                    .history_from = history_from}));
  LOG_INFO(
      "compaction of collection {}: {} segments with {} rows became "
      "segment {} with {} rows",
      request.collection().id(), request.inputs_size(), all.size(),
      request.target_segment_id(), kept.rows.size());
  return absl::OkStatus();
}

}  // namespace elanus::worker

// Query over the shards of one node: rows by a filter, by rising key, each key
// once; or their number.
#include <algorithm>
#include <utility>

#include "segment/merge.h"
#include "segment/query.h"
#include "worker/query_node/query_node.h"

namespace elanus::worker {
namespace {

constexpr std::size_t kKeyBytes = 16;  // a key and its timestamp, at least

}  // namespace

void QueryNode::Query(const base::OpContext& ctx,
                      const internal::QueryShardsRequest& request,
                      internal::QueryShardsReply* reply, base::Done done) {
  auto shards = FindShards(request.scope());
  if (!shards.ok()) return done(shards.status());
  gate_.Pass(ctx, request.scope().guarantee(), *shards,
             [this, ctx, &request, reply, shards = *shards,
              done = std::move(done)](absl::Status status) mutable {
               if (status.ok()) status = DoQuery(ctx, request, shards, reply);
               done(std::move(status));
             });
}

absl::Status QueryNode::DoQuery(const base::OpContext& ctx,
                                const internal::QueryShardsRequest& request,
                                const Shards& shards,
                                internal::QueryShardsReply* reply) {
  ASSIGN_OR_RETURN(const Snapshot snapshot,
                   TakeSnapshot(request.scope(), shards));
  FillStates(snapshot, reply->mutable_states());
  const auto filter_of = [&snapshot](std::size_t i) {
    return segment::RowFilter{.schema = snapshot.schema,
                              .filter = snapshot.filter,
                              .read_ts = snapshot.ReadTsOf(i)};
  };
  if (request.count_only()) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < snapshot.segments.size(); ++i) {
      ASSIGN_OR_RETURN(
          const std::size_t rows,
          segment::Count(ctx, *snapshot.segments[i], filter_of(i)));
      count += rows;
    }
    reply->set_count(static_cast<std::int64_t>(count));
    return absl::OkStatus();
  }
  // One row more than fits is enough to see that they don't.
  const std::size_t rows_max = deps_.output_bytes_max / kKeyBytes;
  std::size_t limit = rows_max + 1;
  if (request.limit() > 0) {
    limit = std::min(limit, static_cast<std::size_t>(request.limit()));
  }
  std::vector<std::vector<segment::FoundRow>> found(snapshot.segments.size());
  for (std::size_t i = 0; i < snapshot.segments.size(); ++i) {
    ASSIGN_OR_RETURN(found[i],
                     segment::Retrieve(ctx, *snapshot.segments[i], filter_of(i),
                                       {.limit = limit}));
  }
  std::vector<FoundAt> rows;
  for (const segment::MergedRow& row : segment::MergeRows(found, limit)) {
    AddKey(row.key, reply->mutable_ids());
    reply->add_at(row.at.value);
    rows.push_back({row.source, row.row});
  }
  if (rows.size() > rows_max) return OutputTooLarge(deps_.output_bytes_max);
  return FillOutput(snapshot.segments, rows, *snapshot.schema, request.output(),
                    deps_.output_bytes_max, reply->mutable_fields());
}

}  // namespace elanus::worker

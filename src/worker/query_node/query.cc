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
// What a found row takes while the rows of all segments are gathered: as its
// segment found it, merged, and in the reply.
constexpr std::size_t kFoundBytes = 160;
constexpr std::size_t kTextBytes = sizeof(std::string) + sizeof(void*);
// Small reads go on when the budget is spent.
constexpr std::size_t kUnaccounted = std::size_t{16} << 20;

// Grows with the rows that a query has found.
class FoundMemory {
 public:
  FoundMemory(base::MemoryBudget& budget, std::size_t row_bytes)
      : budget_(budget), row_bytes_(row_bytes) {}

  absl::Status Add(std::size_t rows) {
    bytes_ += rows * row_bytes_;
    if (bytes_ < kUnaccounted) return absl::OkStatus();
    held_.Release();
    ASSIGN_OR_RETURN(held_, budget_.Reserve(static_cast<std::int64_t>(bytes_),
                                            "the rows of the query"));
    return absl::OkStatus();
  }

 private:
  base::MemoryBudget& budget_;
  const std::size_t row_bytes_;
  std::size_t bytes_ = 0;
  base::MemoryReservation held_;
};

}  // namespace

void QueryNode::Query(const base::OpContext& ctx,
                      const internal::QueryShardsRequest& request,
                      internal::QueryShardsReply* reply, base::Done done) {
  deps_.traffic.Note();
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
  const auto fields =
      static_cast<std::size_t>(request.output().field_ids_size());
  FoundMemory memory(deps_.budget, kFoundBytes + fields * kTextBytes);
  std::vector<std::vector<segment::FoundRow>> found(snapshot.segments.size());
  for (std::size_t i = 0; i < snapshot.segments.size(); ++i) {
    ASSIGN_OR_RETURN(found[i],
                     segment::Retrieve(ctx, *snapshot.segments[i], filter_of(i),
                                       {.limit = limit}));
    RETURN_IF_ERROR(memory.Add(found[i].size()));
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

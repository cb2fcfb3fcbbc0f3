// Search over the shards of one node: each segment by itself, merged to the
// nearest keys, output columns fetched for those alone. Searches that one scan
// can answer go this way together.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include "base/log.h"
#include "index/vector/parallel.h"
#include "segment/merge.h"
#include "segment/search.h"
#include "worker/query_node/query_node.h"
#include "worker/query_node/scan_key.h"
#include "worker/query_node/search_input.h"

namespace elanus::worker {
namespace {

// Below this many segments the hand-over to another thread costs more.
constexpr std::size_t kSegmentsPerThread = 2;
// The same for hits whose columns are fetched.
constexpr std::size_t kHitsPerThread = 1024;

// Refuses what could not be answered before anything of that size is made.
// Small reads go on when the budget is spent.
absl::StatusOr<base::MemoryReservation> AdmitHits(base::MemoryBudget& budget,
                                                  const Segments& segments,
                                                  std::uint64_t nq,
                                                  std::uint64_t k,
                                                  std::size_t bytes_max) {
  constexpr std::uint64_t kReplyBytes = 12;    // key and score
  constexpr std::uint64_t kSegmentBytes = 32;  // heap, output, list
  constexpr std::uint64_t kMergedBytes = 164;  // candidate, hit, limit, reply
  constexpr std::uint64_t kUnaccounted = std::uint64_t{64} << 20;
  std::uint64_t rows = 0;
  std::uint64_t kept = 0;
  for (const auto& segment : segments) {
    rows += segment->rows();
    kept += std::min<std::uint64_t>(k, segment->rows());
  }
  const std::uint64_t hits = std::min(k, rows);
  if (nq != 0 && hits > bytes_max / kReplyBytes / nq) {
    return base::Annotate(OutputTooLarge(bytes_max), "nq {} x topk {}", nq, k);
  }
  const std::uint64_t bytes = nq * (kept * kSegmentBytes + hits * kMergedBytes);
  if (bytes < kUnaccounted) return base::MemoryReservation();
  return budget.Reserve(static_cast<std::int64_t>(bytes), "the search");
}

// Of several searches: as long as one of them has time. The cancellation of one
// is not the others'.
base::OpContext ContextOf(std::span<const PassedSearch> searches,
                          const base::Clock& clock) {
  const base::OpContext& first = searches.front().ctx;
  if (searches.size() == 1) return first;
  std::int64_t deadline_ns = first.deadline_ns();
  for (const PassedSearch& search : searches) {
    deadline_ns = std::max(deadline_ns, search.ctx.deadline_ns());
  }
  return {clock, deadline_ns, first.request_id()};
}

// Their numbers. The more rows a segment has, the more it tells the others.
std::vector<std::size_t> BiggestFirst(const Segments& segments) {
  std::vector<std::size_t> order(segments.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater<>(),
                           [&](std::size_t i) { return segments[i]->rows(); });
  return order;
}

bool AreAllCancelled(std::span<const PassedSearch> searches) {
  return std::ranges::all_of(searches, [](const PassedSearch& search) {
    return search.ctx.is_cancelled();
  });
}

}  // namespace

void QueryNode::Search(const base::OpContext& ctx,
                       const internal::SearchShardsRequest& request,
                       internal::SearchShardsReply* reply, base::Done done) {
  deps_.traffic.Note();
  auto shards = FindShards(request.scope());
  if (!shards.ok()) return done(shards.status());
  gate_.Pass(ctx, request.scope().guarantee(), *shards,
             [this, ctx, &request, reply, shards = *shards,
              done = std::move(done)](absl::Status status) mutable {
               if (!status.ok()) return done(std::move(status));
               DoSearch({.ctx = ctx,
                         .request = &request,
                         .reply = reply,
                         .shards = std::move(shards),
                         .done = std::move(done)});
             });
}

void QueryNode::DoSearch(PassedSearch search) {
  const std::optional<std::string> key = ScanKeyOf(search);
  if (key.has_value()) return scans_.Run(*key, std::move(search));
  SearchTogether({&search, 1});
  search.Finish();
}

void QueryNode::SearchTogether(std::span<PassedSearch> searches) {
  const absl::Status status = TrySearchTogether(searches);
  if (status.ok()) return;
  if (searches.size() == 1) {
    searches.front().outcome = status;
    return;
  }
  // What failed for all of them need not fail for each.
  for (PassedSearch& search : searches) SearchTogether({&search, 1});
}

absl::StatusOr<QueryNode::MergedHits> QueryNode::SearchSegments(
    const base::OpContext& ctx, const Snapshot& snapshot,
    const segment::SearchPlan& plan, std::span<const PassedSearch> searches,
    HitLimits& limits) const {
  std::vector<segment::SegmentHits> hits(snapshot.segments.size());
  const std::vector<std::size_t> order = BiggestFirst(snapshot.segments);
  index::Turns turns(0, hits.size(), 1);
  RETURN_IF_ERROR(index::WorkTogether(
      &deps_.reads,
      std::max<std::size_t>(1, snapshot.segments.size() / kSegmentsPerThread),
      [&](std::size_t) -> absl::Status {
        while (const auto turn = turns.Next()) {
          const std::size_t i = order[turn->begin];
          if (AreAllCancelled(searches)) ctx.Cancel();
          segment::SearchPlan own = plan;
          own.read_ts = snapshot.ReadTsOf(i);
          const std::vector<float> within = limits.Now();
          own.limits = within;
          ASSIGN_OR_RETURN(hits[i],
                           segment::Search(ctx, *snapshot.segments[i], own));
          limits.Learn(hits[i]);
        }
        return absl::OkStatus();
      }));
  return segment::MergeHits(snapshot.segments, hits, plan.k);
}

absl::Status QueryNode::TrySearchTogether(std::span<PassedSearch> searches) {
  ASSIGN_OR_RETURN(
      const Snapshot snapshot,
      TakeSnapshot(searches.front().request->scope(), searches.front().shards));
  ASSIGN_OR_RETURN(SearchInput input,
                   MakeInput(searches, *snapshot.parts.front().view,
                             snapshot.schema, snapshot.filter));
  ASSIGN_OR_RETURN(const base::MemoryReservation held,
                   AdmitHits(deps_.budget, snapshot.segments, input.plan.nq,
                             input.plan.k, deps_.output_bytes_max));
  interims_->Tend(snapshot.segments, input.plan);
  const base::OpContext ctx = ContextOf(searches, deps_.clock);
  // A range ignores limits, and one segment has none to tell.
  const bool is_limited =
      snapshot.segments.size() > 1 && !input.plan.range.has_value();
  HitLimits limits =
      is_limited ? HitLimits(input.plan.nq, input.plan.k) : HitLimits::None();
  ASSIGN_OR_RETURN(MergedHits merged,
                   SearchSegments(ctx, snapshot, input.plan, searches, limits));
  if (limits.MayHaveCost(merged)) {
    HitLimits none = HitLimits::None();
    ASSIGN_OR_RETURN(merged,
                     SearchSegments(ctx, snapshot, input.plan, searches, none));
  }
  FillReplies(snapshot, input.plan.metric, merged, searches);
  return absl::OkStatus();
}

void QueryNode::FillReplies(const Snapshot& snapshot, types::MetricType metric,
                            const MergedHits& merged,
                            std::span<PassedSearch> searches) const {
  std::vector<std::span<const QueryHits>> parts;
  std::span<const QueryHits> left(merged);
  std::size_t hits = 0;
  for (const PassedSearch& search : searches) {
    // Without any segment there is nothing to merge.
    const auto nq =
        std::min(left.size(), static_cast<std::size_t>(search.request->nq()));
    parts.push_back(left.first(nq));
    left = left.subspan(nq);
    for (const QueryHits& query : parts.back()) hits += query.size();
  }
  index::Turns turns(0, searches.size(), 1);
  const absl::Status status = index::WorkTogether(
      &deps_.reads, std::min(searches.size(), 1 + hits / kHitsPerThread),
      [&](std::size_t) {
        while (const auto turn = turns.Next()) {
          const std::size_t i = turn->begin;
          searches[i].outcome =
              FillReply(snapshot, metric, parts[i], searches[i]);
        }
        return absl::OkStatus();
      });
  DCHECK(status.ok());
}

absl::Status QueryNode::FillReply(const Snapshot& snapshot,
                                  types::MetricType metric,
                                  std::span<const QueryHits> queries,
                                  const PassedSearch& search) const {
  RETURN_IF_ERROR(search.ctx.Check());
  const internal::SearchShardsRequest& request = *search.request;
  internal::SearchShardsReply* reply = search.reply;
  const auto k = static_cast<std::size_t>(request.top_k());
  std::vector<FoundAt> rows;
  for (const QueryHits& query : queries) {
    const std::span nearest(query.data(), std::min(k, query.size()));
    reply->add_top_ks(static_cast<std::int64_t>(nearest.size()));
    for (const segment::MergedHit& hit : nearest) {
      reply->add_scores(types::ScoreFromDistance(metric, hit.distance));
      AddKey(hit.key, reply->mutable_ids());
      rows.push_back({hit.source, hit.row});
    }
  }
  // Every query is answered, also where there is nothing to search.
  while (reply->top_ks_size() < request.nq()) reply->add_top_ks(0);
  reply->set_metric_type(std::string(types::NameOf(metric)));
  FillStates(snapshot, reply->mutable_states());
  return FillOutput(snapshot.segments, rows, *snapshot.schema, request.output(),
                    deps_.output_bytes_max, reply->mutable_fields());
}

}  // namespace elanus::worker

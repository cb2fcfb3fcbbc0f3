// Search over the shards of one node: each segment by itself, merged to the
// nearest keys, output columns fetched for those alone.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/log.h"
#include "index/vector/parallel.h"
#include "segment/growing/growing_segment.h"
#include "segment/merge.h"
#include "segment/search.h"
#include "worker/query_node/query_node.h"

namespace elanus::worker {
namespace {

// Below this many segments the hand-over to another thread costs more.
constexpr std::size_t kSegmentsPerThread = 2;

absl::StatusOr<float> ReadBound(const index::ParamMap& params,
                                std::string_view name) {
  const std::string& text = params.find(name)->second;
  float bound = 0;
  if (!absl::SimpleAtof(text, &bound)) {
    return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                              "{} [{}] is not a number: invalid parameter",
                              name, text);
  }
  return bound;
}

// radius and range_filter are scores; inside, distances.
absl::StatusOr<std::optional<segment::DistanceRange>> ReadRange(
    const index::ParamMap& params, types::MetricType metric) {
  if (!params.contains("radius")) {
    return std::optional<segment::DistanceRange>();
  }
  segment::DistanceRange range;
  ASSIGN_OR_RETURN(const float radius, ReadBound(params, "radius"));
  range.below = types::DistanceFromScore(metric, radius);
  if (params.contains("range_filter")) {
    ASSIGN_OR_RETURN(const float filter, ReadBound(params, "range_filter"));
    range.at_least = types::DistanceFromScore(metric, filter);
    if (range.at_least >= range.below) {
      return base::InvalidInput(
          base::ErrorCode::kUnexpected,
          "range_filter must {} than radius {} IP",
          types::IsLargerNearer(metric) ? "more" : "less",
          types::IsLargerNearer(metric) ? "when" : "except");
    }
  }
  return std::optional(range);
}

struct SearchInput {
  segment::SearchPlan plan;
  std::vector<std::byte> bytes;  // aligned copy of the request's queries
};

absl::Status BadQueries(const internal::SearchShardsRequest& request,
                        const types::FieldSchema& field) {
  return base::InvalidInput(
      base::ErrorCode::kParameterInvalid,
      "field {}: {} queries of dimension {} in {} bytes: invalid parameter",
      field.name, request.nq(), field.dim, request.queries().size());
}

// The rows behind their offsets.
absl::StatusOr<index::Queries> SparseQueries(
    const internal::SearchShardsRequest& request,
    const types::FieldSchema& field, std::span<const std::byte> bytes) {
  const std::size_t count = static_cast<std::size_t>(request.nq()) + 1;
  const std::size_t head = count * sizeof(std::uint32_t);
  if (request.nq() < 1 || bytes.size() < head) {
    return BadQueries(request, field);
  }
  const std::span<const std::uint32_t> offsets(
      reinterpret_cast<const std::uint32_t*>(bytes.data()), count);
  bool fits = offsets.front() == 0 && offsets.back() == bytes.size() - head;
  for (std::size_t i = 1; i < count; ++i) {
    fits = fits && offsets[i - 1] <= offsets[i] &&
           offsets[i] % sizeof(types::SparseEntry) == 0;
  }
  if (!fits) return BadQueries(request, field);
  return index::Queries::Sparse(
      {reinterpret_cast<const types::SparseEntry*>(bytes.data() + head),
       offsets});
}

absl::StatusOr<index::Queries> ReadQueries(
    const internal::SearchShardsRequest& request,
    const types::FieldSchema& field, std::span<const std::byte> bytes) {
  if (field.type == types::DataType::kSparseFloatVector) {
    return SparseQueries(request, field, bytes);
  }
  const bool is_binary = field.type == types::DataType::kBinaryVector;
  const std::size_t width = types::FixedWidth(
      is_binary ? field.type : types::DataType::kFloatVector, field.dim);
  if (bytes.size() != static_cast<std::size_t>(request.nq()) * width) {
    return BadQueries(request, field);
  }
  if (is_binary) return index::Queries::Bits(bytes);
  return index::Queries(std::span(reinterpret_cast<const float*>(bytes.data()),
                                  bytes.size() / sizeof(float)));
}

absl::Status CheckMetric(const std::string& asked, types::MetricType metric) {
  if (asked.empty() || types::MetricFromName(asked) == metric) {
    return absl::OkStatus();
  }
  return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                            "metric type not match: invalid parameter"
                            "[expected={}][actual={}]",
                            types::NameOf(metric), asked);
}

absl::StatusOr<SearchInput> MakeInput(
    const internal::SearchShardsRequest& request, const View& view,
    const std::shared_ptr<const types::Schema>& schema,
    std::shared_ptr<const expr::Plan> filter) {
  const base::FieldId id{request.field_id()};
  const types::FieldSchema* field = schema->Find(id);
  const auto index = view.indexes.find(id);
  if (field == nullptr || index == view.indexes.end()) {
    return base::Error(base::ErrorCode::kIndexNotFound,
                       "index not found[collection={}]",
                       request.scope().collection_id());
  }
  RETURN_IF_ERROR(CheckMetric(request.metric_type(), index->second.metric));
  SearchInput input;
  input.bytes.resize(request.queries().size());
  std::memcpy(input.bytes.data(), request.queries().data(),
              request.queries().size());
  ASSIGN_OR_RETURN(input.plan.queries,
                   ReadQueries(request, *field, input.bytes));
  input.plan.schema = schema;
  input.plan.filter = std::move(filter);
  input.plan.vector_field = id;
  input.plan.metric = index->second.metric;
  input.plan.minhash = index->second.minhash;
  input.plan.is_exact = index->second.type == "FLAT";
  input.plan.nq = static_cast<std::size_t>(request.nq());
  input.plan.k = static_cast<std::size_t>(request.top_k());
  for (const auto& [name, value] : request.params()) {
    input.plan.params[name] = value;
  }
  ASSIGN_OR_RETURN(input.plan.range,
                   ReadRange(input.plan.params, input.plan.metric));
  return input;
}

// Refuses what could not be answered before anything of that size is made.
// Small reads go on when the budget is spent.
absl::StatusOr<base::MemoryReservation> AdmitHits(base::MemoryBudget& budget,
                                                  const Segments& segments,
                                                  std::uint64_t nq,
                                                  std::uint64_t k,
                                                  std::size_t bytes_max) {
  constexpr std::uint64_t kReplyBytes = 12;    // key and score
  constexpr std::uint64_t kSegmentBytes = 32;  // heap, output, list
  constexpr std::uint64_t kMergedBytes = 160;  // candidate, hit, place, reply
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

}  // namespace

void QueryNode::Search(const base::OpContext& ctx,
                       const internal::SearchShardsRequest& request,
                       internal::SearchShardsReply* reply, base::Done done) {
  auto shards = FindShards(request.scope());
  if (!shards.ok()) return done(shards.status());
  gate_.Pass(ctx, request.scope().guarantee(), *shards,
             [this, ctx, &request, reply, shards = *shards,
              done = std::move(done)](absl::Status status) mutable {
               if (status.ok()) status = DoSearch(ctx, request, shards, reply);
               done(std::move(status));
             });
}

// Has the growing segments' interim indexes brought up to date; this search
// does without.
void QueryNode::TendInterims(const Segments& segments,
                             const types::FieldSchema& field,
                             types::MetricType metric) const {
  for (const auto& segment : segments) {
    if (!segment->is_growing()) continue;
    segment::InterimIndexes& interims =
        static_cast<const segment::GrowingSegment&>(*segment).interims();
    if (!interims.Claim(field, metric)) continue;
    deps_.background.Submit([segment, &interims, field, metric] {
      base::LogIfError(interims.Extend(field, metric),
                       "the rows are scanned until a later search asks again");
    });
  }
}

absl::Status QueryNode::DoSearch(const base::OpContext& ctx,
                                 const internal::SearchShardsRequest& request,
                                 const Shards& shards,
                                 internal::SearchShardsReply* reply) {
  ASSIGN_OR_RETURN(const Snapshot snapshot,
                   TakeSnapshot(request.scope(), shards));
  ASSIGN_OR_RETURN(SearchInput input,
                   MakeInput(request, *snapshot.parts.front().view,
                             snapshot.schema, snapshot.filter));
  ASSIGN_OR_RETURN(const base::MemoryReservation held,
                   AdmitHits(deps_.budget, snapshot.segments, input.plan.nq,
                             input.plan.k, deps_.output_bytes_max));
  TendInterims(snapshot.segments,
               *snapshot.schema->Find(input.plan.vector_field),
               input.plan.metric);
  std::vector<segment::SegmentHits> hits(snapshot.segments.size());
  std::atomic<std::size_t> next{0};
  RETURN_IF_ERROR(index::WorkTogether(
      &deps_.reads,
      std::max<std::size_t>(1, snapshot.segments.size() / kSegmentsPerThread),
      [&](std::size_t) -> absl::Status {
        for (std::size_t i; (i = next.fetch_add(1)) < hits.size();) {
          segment::SearchPlan plan = input.plan;
          plan.read_ts = snapshot.ReadTsOf(i);
          ASSIGN_OR_RETURN(hits[i],
                           segment::Search(ctx, *snapshot.segments[i], plan));
        }
        return absl::OkStatus();
      }));
  ASSIGN_OR_RETURN(const auto merged,
                   segment::MergeHits(snapshot.segments, hits, input.plan.k));
  std::vector<FoundAt> rows;
  for (const std::vector<segment::MergedHit>& query : merged) {
    reply->add_top_ks(static_cast<std::int64_t>(query.size()));
    for (const segment::MergedHit& hit : query) {
      reply->add_scores(
          types::ScoreFromDistance(input.plan.metric, hit.distance));
      AddKey(hit.key, reply->mutable_ids());
      rows.push_back({hit.source, hit.row});
    }
  }
  // Without any segment there is nothing to merge, but every query is answered.
  while (reply->top_ks_size() < request.nq()) reply->add_top_ks(0);
  reply->set_metric_type(std::string(types::NameOf(input.plan.metric)));
  FillStates(snapshot, reply->mutable_states());
  return FillOutput(snapshot.segments, rows, *snapshot.schema, request.output(),
                    deps_.output_bytes_max, reply->mutable_fields());
}

}  // namespace elanus::worker

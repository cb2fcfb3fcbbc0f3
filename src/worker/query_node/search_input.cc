#include "worker/query_node/search_input.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "types/metric.h"

namespace elanus::worker {
namespace {

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

absl::Status BadQueries(const types::FieldSchema& field, std::int64_t nq,
                        std::size_t bytes) {
  return base::InvalidInput(
      base::ErrorCode::kParameterInvalid,
      "field {}: {} queries of dimension {} in {} bytes: invalid parameter",
      field.name, nq, field.dim, bytes);
}

// The rows behind their offsets.
absl::StatusOr<index::Queries> SparseQueries(const types::FieldSchema& field,
                                             std::int64_t nq,
                                             std::span<const std::byte> bytes) {
  const std::size_t count = static_cast<std::size_t>(nq) + 1;
  const std::size_t head = count * sizeof(std::uint32_t);
  if (nq < 1 || bytes.size() < head) {
    return BadQueries(field, nq, bytes.size());
  }
  const std::span<const std::uint32_t> offsets(
      reinterpret_cast<const std::uint32_t*>(bytes.data()), count);
  bool fits = offsets.front() == 0 && offsets.back() == bytes.size() - head;
  for (std::size_t i = 1; i < count; ++i) {
    fits = fits && offsets[i - 1] <= offsets[i] &&
           offsets[i] % sizeof(types::SparseEntry) == 0;
  }
  if (!fits) return BadQueries(field, nq, bytes.size());
  return index::Queries::Sparse(
      {reinterpret_cast<const types::SparseEntry*>(bytes.data() + head),
       offsets});
}

absl::StatusOr<index::Queries> ReadQueries(const types::FieldSchema& field,
                                           std::int64_t nq,
                                           std::span<const std::byte> bytes) {
  if (field.type == types::DataType::kSparseFloatVector) {
    return SparseQueries(field, nq, bytes);
  }
  if (bytes.size() != static_cast<std::size_t>(nq) * QueryBytes(field)) {
    return BadQueries(field, nq, bytes.size());
  }
  if (field.type == types::DataType::kBinaryVector) {
    return index::Queries::Bits(bytes);
  }
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

// The queries of all.
struct JoinedQueries {
  std::vector<std::byte> bytes;
  std::int64_t nq = 0;
  std::int64_t top_k = 0;  // the most
};

JoinedQueries Join(std::span<const PassedSearch> searches) {
  std::size_t size = 0;
  for (const PassedSearch& search : searches) {
    size += search.request->queries().size();
  }
  JoinedQueries joined;
  joined.bytes.resize(size);
  std::byte* to = joined.bytes.data();
  for (const PassedSearch& search : searches) {
    const internal::SearchShardsRequest& request = *search.request;
    std::memcpy(to, request.queries().data(), request.queries().size());
    to += request.queries().size();
    joined.nq += request.nq();
    joined.top_k = std::max(joined.top_k, request.top_k());
  }
  return joined;
}

}  // namespace

std::size_t QueryBytes(const types::FieldSchema& field) {
  // Queries of narrower floats are float32 as well.
  const bool is_binary = field.type == types::DataType::kBinaryVector;
  return types::FixedWidth(
      is_binary ? field.type : types::DataType::kFloatVector, field.dim);
}

absl::StatusOr<SearchInput> MakeInput(
    std::span<const PassedSearch> searches, const View& view,
    const std::shared_ptr<const types::Schema>& schema,
    std::shared_ptr<const expr::Plan> filter) {
  const internal::SearchShardsRequest& request = *searches.front().request;
  const base::FieldId id{request.field_id()};
  const types::FieldSchema* field = schema->Find(id);
  const auto index = view.indexes.find(id);
  if (field == nullptr || index == view.indexes.end()) {
    return base::Error(base::ErrorCode::kIndexNotFound,
                       "index not found[collection={}]",
                       request.scope().collection_id());
  }
  RETURN_IF_ERROR(CheckMetric(request.metric_type(), index->second.metric));
  JoinedQueries joined = Join(searches);
  SearchInput input;
  input.bytes = std::move(joined.bytes);
  ASSIGN_OR_RETURN(input.plan.queries,
                   ReadQueries(*field, joined.nq, input.bytes));
  input.plan.schema = schema;
  input.plan.filter = std::move(filter);
  input.plan.vector_field = id;
  input.plan.metric = index->second.metric;
  input.plan.minhash = index->second.minhash;
  input.plan.is_exact = index->second.type == "FLAT";
  input.plan.nq = static_cast<std::size_t>(joined.nq);
  input.plan.k = static_cast<std::size_t>(joined.top_k);
  for (const auto& [name, value] : request.params()) {
    input.plan.params[name] = value;
  }
  ASSIGN_OR_RETURN(input.plan.range,
                   ReadRange(input.plan.params, input.plan.metric));
  return input;
}

}  // namespace elanus::worker

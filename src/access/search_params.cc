#include "access/search_params.h"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "simdjson.h"

namespace elanus::access {
namespace {

using base::ErrorCode;
using Texts = std::map<std::string, std::string>;

constexpr std::string_view kParams = "params";

// What indexes read.
constexpr auto kIndexKeys = std::to_array<std::string_view>(
    {"ef", "drop_ratio_search", "dim_max_score_ratio", "nprobe", "radius",
     "range_filter", "refine_k", "reorder_k", "search_list", "beamwidth",
     "level", "target_recall", "rbq_query_bits", "rbq_bits_query",
     "mh_search_with_jaccard"});

// What would change the answer and is not there.
constexpr std::string_view kStrictGroupSize = "strict_group_size";
constexpr std::array<std::string_view, 9> kUnsupported = {
    "group_by_field",  "group_by",       "group_size",
    "order_by_fields", "order_by",       kStrictGroupSize,
    "analyzer_name",   "search_iter_id", "search_iter_last_bound"};

bool SameText(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(absl::string_view(a.data(), a.size()),
                                absl::string_view(b.data(), b.size()));
}

absl::Status PutText(Texts& texts, std::string key, std::string value) {
  std::string& known = texts[key];
  if (known.empty())
    known = std::move(value);
  else if (!value.empty() && !SameText(known, value)) {
    return base::InvalidInput(ErrorCode::kParameterInvalid,
                              "parameter {} is given twice, as [{}] and [{}]: "
                              "invalid parameter",
                              key, known, value);
  }
  return absl::OkStatus();
}

std::string TextOf(simdjson::dom::element value) {
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) {
    return std::string(text);
  }
  return simdjson::minify(value);
}

absl::Status PutInner(Texts& texts, const std::string& json) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(json.data(), json.size()).get_object().get(object) !=
      simdjson::SUCCESS) {
    return base::InvalidInput(ErrorCode::kParameterInvalid,
                              "params [{}] is not a JSON object: invalid "
                              "parameter",
                              json);
  }
  for (const auto field : object) {
    if (field.value.is_null()) continue;
    RETURN_IF_ERROR(
        PutText(texts, std::string(field.key), TextOf(field.value)));
  }
  return absl::OkStatus();
}

absl::StatusOr<Texts> Flatten(const KeyValues& pairs) {
  Texts texts;
  for (const auto& pair : pairs) {
    if (pair.key() == kParams) continue;
    RETURN_IF_ERROR(PutText(texts, pair.key(), pair.value()));
  }
  for (const auto& pair : pairs) {
    if (pair.key() != kParams || pair.value().empty()) continue;
    RETURN_IF_ERROR(PutInner(texts, pair.value()));
  }
  return texts;
}

// Null if it is not there or empty.
const std::string* Find(const Texts& texts, std::string_view key) {
  const auto it = texts.find(std::string(key));
  return it == texts.end() || it->second.empty() ? nullptr : &it->second;
}

std::optional<bool> BoolOf(std::string_view text) {
  for (const std::string_view yes : {"true", "t", "1"}) {
    if (SameText(text, yes)) return true;
  }
  for (const std::string_view no : {"false", "f", "0"}) {
    if (SameText(text, no)) return false;
  }
  return std::nullopt;
}

// Anything that is no clear yes counts as no: hints of SDKs.
bool IsSet(const Texts& texts, std::string_view key) {
  const std::string* text = Find(texts, key);
  return text != nullptr && BoolOf(*text).value_or(false);
}

absl::StatusOr<bool> ReadIgnoreGrowing(const Texts& texts) {
  const std::string* text = Find(texts, "ignore_growing");
  if (text == nullptr) return false;
  const std::optional<bool> value = BoolOf(*text);
  if (!value.has_value()) {
    return base::InvalidInput(ErrorCode::kUnexpected,
                              "parse ignore growing field failed: [{}] is no "
                              "boolean",
                              *text);
  }
  return *value;
}

// Params: SearchParams or QueryParams.
template <typename Params>
absl::Status ReadIterator(const Texts& texts, Params& params) {
  params.is_iterator = IsSet(texts, "iterator");
  const std::string* id = Find(texts, "collection_id");
  if (!params.is_iterator || id == nullptr ||
      absl::SimpleAtoi(*id, &params.collection_id)) {
    return absl::OkStatus();
  }
  return base::InvalidInput(ErrorCode::kParameterInvalid,
                            "collection_id [{}] of an iterator is not an "
                            "integer: invalid parameter",
                            *id);
}

absl::Status RefuseUnsupported(const Texts& texts) {
  for (const std::string_view key : kUnsupported) {
    const std::string* text = Find(texts, key);
    if (text == nullptr) continue;
    // The only flag among them; a field to group by may be called "f".
    if (key == kStrictGroupSize && BoolOf(*text) == false) continue;
    return base::InvalidInput(ErrorCode::kOperationNotSupported,
                              "parameter {} is not supported: unsupported "
                              "operation",
                              key);
  }
  return absl::OkStatus();
}

// 1..max; `name` as the client knows it.
absl::StatusOr<std::int64_t> ReadCount(std::string_view name,
                                       const std::string& text,
                                       std::int64_t max) {
  std::int64_t count = 0;
  if (!absl::SimpleAtoi(text, &count) || count < 1 || count > max) {
    return base::InvalidInput(ErrorCode::kUnexpected,
                              "{} [{}] is invalid, it should be in range "
                              "[1, {}], but got {}",
                              name, text, max, text);
  }
  return count;
}

absl::StatusOr<std::int64_t> ReadOffset(const Texts& texts,
                                        const ReadLimits& limits) {
  const std::string* text = Find(texts, "offset");
  if (text == nullptr) return 0;
  std::int64_t offset = 0;
  if (!absl::SimpleAtoi(*text, &offset) || offset < 0 ||
      offset > limits.max_window) {
    return base::InvalidInput(ErrorCode::kUnexpected,
                              "offset [{}] is invalid, it should be in range "
                              "[1, {}], but got {}",
                              *text, limits.max_window, *text);
  }
  return offset;
}

absl::Status CheckWindow(std::int64_t rows, const ReadLimits& limits) {
  if (rows <= limits.max_window) return absl::OkStatus();
  return base::InvalidInput(ErrorCode::kUnexpected,
                            "invalid max query result window, (offset+limit) "
                            "should be in range [1, {}], but got {}",
                            limits.max_window, rows);
}

absl::StatusOr<int> ReadRoundDecimal(const Texts& texts) {
  const std::string* text = Find(texts, "round_decimal");
  if (text == nullptr) return -1;
  int digits = 0;
  if (!absl::SimpleAtoi(*text, &digits) || digits < -1 || digits > 6) {
    return base::InvalidInput(ErrorCode::kUnexpected,
                              "round_decimal [{}] is invalid, it should be -1 "
                              "or an integer in range [0, 6]",
                              *text);
  }
  return digits;
}

}  // namespace

absl::StatusOr<SearchParams> ReadSearchParams(const KeyValues& pairs,
                                              const ReadLimits& limits) {
  ASSIGN_OR_RETURN(const Texts texts, Flatten(pairs));
  RETURN_IF_ERROR(RefuseUnsupported(texts));
  SearchParams params;
  const std::string* top_k = Find(texts, "topk");
  if (top_k == nullptr) {
    return base::InvalidInput(ErrorCode::kUnexpected,
                              "topk not found in search_params");
  }
  ASSIGN_OR_RETURN(params.top_k, ReadCount("topk", *top_k, limits.max_top_k));
  ASSIGN_OR_RETURN(params.offset, ReadOffset(texts, limits));
  RETURN_IF_ERROR(CheckWindow(params.top_k + params.offset, limits));
  ASSIGN_OR_RETURN(params.round_decimal, ReadRoundDecimal(texts));
  ASSIGN_OR_RETURN(params.ignore_growing, ReadIgnoreGrowing(texts));
  RETURN_IF_ERROR(ReadIterator(texts, params));
  if (const auto* text = Find(texts, "anns_field")) params.anns_field = *text;
  if (const auto* text = Find(texts, "metric_type")) params.metric_type = *text;
  for (const std::string_view key : kIndexKeys) {
    if (const std::string* text = Find(texts, key)) {
      params.index_params.emplace(key, *text);
    }
  }
  return params;
}

absl::StatusOr<QueryParams> ReadQueryParams(const KeyValues& pairs,
                                            const ReadLimits& limits) {
  ASSIGN_OR_RETURN(const Texts texts, Flatten(pairs));
  RETURN_IF_ERROR(RefuseUnsupported(texts));
  QueryParams params;
  if (const std::string* text = Find(texts, "limit")) {
    ASSIGN_OR_RETURN(params.limit,
                     ReadCount("limit", *text, limits.max_window));
  }
  ASSIGN_OR_RETURN(params.offset, ReadOffset(texts, limits));
  RETURN_IF_ERROR(CheckWindow(params.limit + params.offset, limits));
  params.has_pagination = params.limit > 0 || params.offset > 0;
  ASSIGN_OR_RETURN(params.ignore_growing, ReadIgnoreGrowing(texts));
  RETURN_IF_ERROR(ReadIterator(texts, params));
  return params;
}

}  // namespace elanus::access

#include "access/ddl/index_params.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

namespace elanus::access {
namespace {

using base::ErrorCode;
using base::InvalidInput;
using nlohmann::json;

constexpr std::string_view kAutoIndex = "AUTOINDEX";
constexpr std::string_view kMmap = "mmap.enabled";
constexpr std::array<std::string_view, 8> kScalarTypes = {
    "INVERTED", "BITMAP", "STL_SORT", "Trie",
    "TRIE",     "MARISA", "NGRAM",    "HYBRID"};

absl::Status GivenTwice(const std::string& key) {
  return InvalidInput(ErrorCode::kParameterInvalid,
                      "duplicated index param {}: invalid "
                      "parameter[expected=valid index params][actual=invalid "
                      "index params]",
                      key);
}

absl::Status Add(const std::string& key, std::string value,
                 index::ParamMap& params) {
  const bool is_new = params.emplace(key, std::move(value)).second;
  return is_new ? absl::OkStatus() : GivenTwice(key);
}

absl::Status NotAnObject(const std::string& text) {
  return InvalidInput(ErrorCode::kParameterInvalid,
                      "index params are not a JSON object of numbers, texts "
                      "and flags: {}: invalid parameter[expected=valid index "
                      "params][actual=invalid index params]",
                      text);
}

// A member that stands twice in the text would be lost in the parsed object.
absl::Status AddJson(const std::string& text, index::ParamMap& params) {
  std::set<std::string> keys;
  std::string repeated;
  const json object = json::parse(
      text,
      [&](int depth, json::parse_event_t event, json& parsed) {
        if (event != json::parse_event_t::key || depth != 1) return true;
        const auto& key = parsed.get_ref<const std::string&>();
        if (!keys.insert(key).second) repeated = key;
        return true;
      },
      /*allow_exceptions=*/false);
  if (!object.is_object()) return NotAnObject(text);
  if (!repeated.empty()) return GivenTwice(repeated);
  for (const auto& [key, value] : object.items()) {
    if (value.is_string()) {
      RETURN_IF_ERROR(Add(key, value.get<std::string>(), params));
    } else if (value.is_number() || value.is_boolean()) {
      RETURN_IF_ERROR(Add(key, value.dump(), params));
    } else {
      return NotAnObject(text);
    }
  }
  return absl::OkStatus();
}

std::string Take(index::ParamMap& params, std::string_view key) {
  const auto found = params.find(key);
  if (found == params.end()) return "";
  std::string value = std::move(found->second);
  params.erase(found);
  return value;
}

absl::Status CheckMmap(const index::ParamMap& params) {
  const auto found = params.find(kMmap);
  if (found == params.end()) return absl::OkStatus();
  const std::string& value = found->second;
  if (value == "true" || value == "false" || value == "True" ||
      value == "False") {
    return absl::OkStatus();
  }
  return InvalidInput(ErrorCode::kParameterInvalid,
                      "invalid mmap.enabled value: {}, expected: true, false: "
                      "invalid parameter",
                      value);
}

bool IsAuto(const std::string& index_type) {
  return index_type.empty() || index_type == kAutoIndex;
}

absl::Status CheckScalar(const types::FieldSchema& field,
                         const IndexParams& params) {
  const bool is_scalar_type =
      std::find(kScalarTypes.begin(), kScalarTypes.end(), params.index_type) !=
      kScalarTypes.end();
  if (!IsAuto(params.index_type) && !is_scalar_type) {
    // An index of vectors, or of nothing: the registry has the words.
    const index::IndexRequest request = {.type_name = params.index_type,
                                         .metric_name = params.metric_type,
                                         .data_type = field.type,
                                         .params = params.build};
    RETURN_IF_ERROR(index::ParseIndexSpec(request).status());
  }
  return InvalidInput(
      ErrorCode::kIndexNotSupported,
      "index type not supported[indexType={}]: an index on "
      "field {} of type {} is not supported yet, filters work "
      "without one",
      IsAuto(params.index_type) ? kAutoIndex : params.index_type, field.name,
      types::NameOf(field.type));
}

absl::Status CheckAuto(const IndexParams& params) {
  for (const auto& [key, value] : params.build) {
    if (key == kMmap) continue;
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "only metric type can be passed when use AutoIndex, "
                        "not {}: invalid parameter[expected=valid index "
                        "params][actual=invalid index params]",
                        key);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<IndexParams> ReadIndexParams(
    const google::protobuf::RepeatedPtrField<
        milvus::proto::common::KeyValuePair>& pairs) {
  IndexParams params;
  bool has_json = false;
  for (const auto& pair : pairs) {
    if (pair.key() != "params") {
      RETURN_IF_ERROR(Add(pair.key(), pair.value(), params.build));
      continue;
    }
    if (std::exchange(has_json, true)) return GivenTwice(pair.key());
    if (!pair.value().empty()) {
      RETURN_IF_ERROR(AddJson(pair.value(), params.build));
    }
  }
  params.index_type = Take(params.build, "index_type");
  params.metric_type = Take(params.build, "metric_type");
  // The schema's counts, whatever stands here.
  Take(params.build, "dim");
  RETURN_IF_ERROR(CheckMmap(params.build));
  return params;
}

absl::StatusOr<internal::IndexMeta> MakeIndex(const types::FieldSchema& field,
                                              const IndexParams& params) {
  if (!types::IsVector(field.type)) return CheckScalar(field, params);
  if (IsAuto(params.index_type)) RETURN_IF_ERROR(CheckAuto(params));
  ASSIGN_OR_RETURN(
      const index::IndexSpec spec,
      index::ParseIndexSpec({.type_name = params.index_type,
                             .metric_name = params.metric_type,
                             .data_type = field.type,
                             .dim = static_cast<std::size_t>(field.dim),
                             .params = params.build}));
  if (spec.metric == types::MetricType::kBm25) {
    // Rows from elsewhere say nothing of the others' words: growing rows could
    // not be searched.
    return InvalidInput(
        ErrorCode::kParameterInvalid,
        "only BM25 Function output field support BM25 metric type");
  }
  internal::IndexMeta index;
  index.set_field_id(base::ToInt(field.id));
  index.set_field_name(field.name);
  index.set_index_type(spec.is_auto ? std::string(kAutoIndex)
                                    : params.index_type);
  index.set_metric_type(std::string(types::NameOf(spec.metric)));
  for (const auto& [key, value] : params.build) {
    auto& pair = *index.add_user_params();
    pair.set_key(key);
    pair.set_value(value);
  }
  return index;
}

}  // namespace elanus::access

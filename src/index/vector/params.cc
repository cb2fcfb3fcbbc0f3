#include "index/vector/params.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "absl/strings/match.h"

namespace elanus::index {
namespace {

struct ParamRule {
  ParamKey key;
  std::string_view name;  // on the wire
  std::int64_t min;
  std::int64_t max;
};

constexpr std::int64_t kIntMax = std::numeric_limits<std::int32_t>::max();

constexpr std::array kRules = {
    ParamRule{ParamKey::kM, "M", 2, 2048},
    ParamRule{ParamKey::kEfConstruction, "efConstruction", 1, kIntMax},
    ParamRule{ParamKey::kEf, "ef", 1, kIntMax},
    ParamRule{ParamKey::kNlist, "nlist", 1, 65536},
    ParamRule{ParamKey::kNprobe, "nprobe", 1, 65536},
    ParamRule{ParamKey::kParts, "m", 1, 65536},
    ParamRule{ParamKey::kNbits, "nbits", 1, 24},
    ParamRule{ParamKey::kSubDim, "sub_dim", 1, 65536},
    ParamRule{ParamKey::kReorderK, "reorder_k", 1, kIntMax},
    ParamRule{ParamKey::kQueryBits, "rbq_query_bits", 0, 8},
    ParamRule{ParamKey::kBitsQuery, "rbq_bits_query", 0, 8},
    ParamRule{ParamKey::kLevels, "nrq", 1, 16},
    ParamRule{ParamKey::kMaxDegree, "max_degree", 1, 2048},
    ParamRule{ParamKey::kSearchListSize, "search_list_size", 1, kIntMax},
    ParamRule{ParamKey::kSearchList, "search_list", 1, kIntMax},
    ParamRule{ParamKey::kBeamWidth, "beamwidth", 1, 128},
    ParamRule{ParamKey::kElementBits, "mh_element_bit_width", 8, 256},
    ParamRule{ParamKey::kBands, "mh_lsh_band", 1, kIntMax},
    ParamRule{ParamKey::kRefineRows, "refine_k", 1, kIntMax},
};

// More would take codebooks of more words than a segment has rows.
constexpr std::int64_t kMaxBits = 8;

constexpr std::array kRefineTypes = {
    std::pair<std::string_view, RefineType>{"FP32", RefineType::kFp32},
    std::pair<std::string_view, RefineType>{"FP16", RefineType::kFp16},
    std::pair<std::string_view, RefineType>{"BF16", RefineType::kBf16},
    std::pair<std::string_view, RefineType>{"SQ8", RefineType::kSq8},
    std::pair<std::string_view, RefineType>{"SQ6", RefineType::kSq6}};

const ParamRule& RuleOf(ParamKey key) {
  return kRules[static_cast<std::size_t>(key)];
}

constexpr bool StandInOrder() {
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    if (kRules[i].key != static_cast<ParamKey>(i)) return false;
  }
  return true;
}
static_assert(StandInOrder());

}  // namespace

std::string_view NameOf(ParamKey key) { return RuleOf(key).name; }

absl::StatusOr<std::int64_t> ReadParam(const ParamMap& params, ParamKey key,
                                       std::int64_t fallback) {
  const ParamRule& rule = RuleOf(key);
  const auto found = params.find(rule.name);
  if (found == params.end()) return fallback;
  const std::string& text = found->second;
  std::int64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument ||
      end != text.data() + text.size()) {
    return base::InvalidInput(
        base::ErrorCode::kParameterInvalid,
        "invalid parameter[expected=an integer in [{}, {}]][actual={}]: "
        "param '{}' is not an integer",
        rule.min, rule.max, text, rule.name);
  }
  if (error != std::errc() || value < rule.min || value > rule.max) {
    return base::InvalidInput(
        base::ErrorCode::kParameterInvalid,
        "Out of range in json: param '{}' ({}) should be in range [{}, {}]",
        rule.name, text, rule.min, rule.max);
  }
  return value;
}

absl::StatusOr<std::optional<double>> ReadTargetRecall(const ParamMap& params) {
  constexpr std::string_view kName = "target_recall";
  if (!params.contains(kName)) return std::nullopt;
  return ReadShare(params, kName, 0);
}

absl::StatusOr<double> ReadShare(const ParamMap& params, std::string_view name,
                                 double fallback, bool may_be_zero) {
  const auto found = params.find(name);
  if (found == params.end()) return fallback;
  const std::string& text = found->second;
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() ||
      !(value >= 0 && value <= 1) || (value == 0 && !may_be_zero)) {
    return base::InvalidInput(
        base::ErrorCode::kParameterInvalid,
        "invalid parameter[expected=a number in {}0, 1]][actual={}]: param "
        "'{}' is out of range",
        may_be_zero ? '[' : '(', text, name);
  }
  return value;
}

absl::StatusOr<bool> ReadFlag(const ParamMap& params, std::string_view name,
                              bool fallback) {
  const auto found = params.find(name);
  if (found == params.end()) return fallback;
  for (const bool value : {true, false}) {
    if (absl::EqualsIgnoreCase(found->second, value ? "true" : "false")) {
      return value;
    }
  }
  return base::InvalidInput(
      base::ErrorCode::kParameterInvalid,
      "invalid parameter[expected=true or false][actual={}]: param '{}' is not "
      "a boolean",
      found->second, name);
}

absl::StatusOr<RefineType> ReadRefine(const ParamMap& params) {
  ASSIGN_OR_RETURN(const bool refine, ReadFlag(params, "refine", false));
  const auto found = params.find("refine_type");
  RefineType type = RefineType::kFp32;
  if (found != params.end()) {
    const auto* const rule = std::find_if(
        kRefineTypes.begin(), kRefineTypes.end(), [&](const auto& known) {
          return absl::EqualsIgnoreCase(
              found->second,
              absl::string_view(known.first.data(), known.first.size()));
        });
    if (rule == kRefineTypes.end()) {
      return base::InvalidInput(
          base::ErrorCode::kParameterInvalid,
          "invalid parameter[expected=FP32, FP16, BF16, SQ8 or "
          "SQ6][actual={}]: param 'refine_type' is unknown",
          found->second);
    }
    type = rule->second;
  }
  return refine ? type : RefineType::kNone;
}

absl::StatusOr<CodeParams> ReadCodes(const ParamMap& params, std::size_t dim,
                                     const CodeParams& defaults) {
  ASSIGN_OR_RETURN(const std::int64_t m,
                   ReadParam(params, ParamKey::kParts, defaults.m));
  if (m == 0) {
    return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                              "param 'm' not exist in json: IVF_PQ needs it");
  }
  if (dim % static_cast<std::size_t>(m) != 0) {
    return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                              "the dimension ({}) should be a multiple of "
                              "param 'm' ({})",
                              dim, m);
  }
  ASSIGN_OR_RETURN(const std::int64_t nbits,
                   ReadParam(params, ParamKey::kNbits, defaults.nbits));
  if (nbits > kMaxBits) {
    return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                              "param 'nbits' ({}) is supported up to {}", nbits,
                              kMaxBits);
  }
  return CodeParams{.m = static_cast<std::uint32_t>(m),
                    .nbits = static_cast<std::uint32_t>(nbits)};
}

absl::StatusOr<float> ReadRefineK(const ParamMap& params) {
  constexpr std::string_view kName = "refine_k";
  constexpr float kMax = 65536;
  const auto found = params.find(kName);
  if (found == params.end()) return 1.0F;
  const std::string& text = found->second;
  float value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() ||
      !(value >= 1 && value <= kMax)) {
    return base::InvalidInput(
        base::ErrorCode::kParameterInvalid,
        "Out of range in json: param '{}' ({}) should be in range [1, {}]",
        kName, text, kMax);
  }
  return value;
}

}  // namespace elanus::index

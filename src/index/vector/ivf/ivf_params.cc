#include "index/vector/ivf/ivf_params.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "index/vector/params.h"

namespace elanus::index {
namespace {

using base::ErrorCode;
using base::InvalidInput;

constexpr std::int64_t kDefaultProbes = 8;
// More would take codebooks of more words than a segment has rows.
constexpr std::uint32_t kMaxBits = 8;

constexpr std::array kRefineTypes = {
    std::pair<std::string_view, RefineType>{"FP32", RefineType::kFp32},
    std::pair<std::string_view, RefineType>{"FP16", RefineType::kFp16},
    std::pair<std::string_view, RefineType>{"BF16", RefineType::kBf16},
    std::pair<std::string_view, RefineType>{"SQ8", RefineType::kSq8},
    std::pair<std::string_view, RefineType>{"SQ6", RefineType::kSq6}};

absl::StatusOr<RefineType> ParseRefine(const ParamMap& params) {
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
      return InvalidInput(ErrorCode::kParameterInvalid,
                          "invalid parameter[expected=FP32, FP16, BF16, SQ8 or "
                          "SQ6][actual={}]: param 'refine_type' is unknown",
                          found->second);
    }
    type = rule->second;
  }
  return refine ? type : RefineType::kNone;
}

absl::Status ParseParts(const ParamMap& params, std::size_t dim,
                        IvfParams& ivf) {
  ASSIGN_OR_RETURN(const std::int64_t m,
                   ReadParam(params, ParamKey::kParts, 0));
  if (m == 0) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "param 'm' not exist in json: IVF_PQ needs it");
  }
  ivf.m = static_cast<std::uint32_t>(m);
  if (dim % ivf.m != 0) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "the dimension ({}) should be a multiple of param 'm' "
                        "({})",
                        dim, ivf.m);
  }
  ASSIGN_OR_RETURN(const std::int64_t nbits,
                   ReadParam(params, ParamKey::kNbits, ivf.nbits));
  ivf.nbits = static_cast<std::uint32_t>(nbits);
  if (ivf.nbits > kMaxBits) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "param 'nbits' ({}) is supported up to {}", ivf.nbits,
                        kMaxBits);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<IvfParams> ParseIvfParams(IndexType type, const ParamMap& params,
                                         std::size_t dim) {
  IvfParams ivf;
  ASSIGN_OR_RETURN(const std::int64_t nlist,
                   ReadParam(params, ParamKey::kNlist, ivf.nlist));
  ivf.nlist = static_cast<std::uint32_t>(nlist);
  if (type == IndexType::kScann) {
    ASSIGN_OR_RETURN(const std::int64_t sub_dim,
                     ReadParam(params, ParamKey::kSubDim, ivf.sub_dim));
    ivf.sub_dim = static_cast<std::uint32_t>(sub_dim);
    ASSIGN_OR_RETURN(const bool with_raw_data,
                     ReadFlag(params, "with_raw_data", true));
    ivf.refine = with_raw_data ? RefineType::kFp32 : RefineType::kNone;
  }
  if (type == IndexType::kIvfPq) {
    RETURN_IF_ERROR(ParseParts(params, dim, ivf));
  }
  if (type == IndexType::kIvfPq || type == IndexType::kIvfRabitq) {
    ASSIGN_OR_RETURN(ivf.refine, ParseRefine(params));
  }
  return ivf;
}

absl::StatusOr<SearchParams> ParseIvfSearch(IndexType type,
                                            const ParamMap& params,
                                            std::size_t k) {
  SearchParams parsed;
  // SCANN knows itself how far to search.
  ASSIGN_OR_RETURN(const std::int64_t nprobe,
                   ReadParam(params, ParamKey::kNprobe,
                             type == IndexType::kScann ? 0 : kDefaultProbes));
  parsed.nprobe = static_cast<std::size_t>(nprobe);
  if (type == IndexType::kScann) {
    ASSIGN_OR_RETURN(const std::optional<double> recall,
                     ReadTargetRecall(params));
    parsed.target_recall = recall.value_or(0);
    // An AUTOINDEX may have become this type.
    ASSIGN_OR_RETURN(const std::int64_t ef,
                     ReadParam(params, ParamKey::kEf, 0));
    parsed.ef = static_cast<std::size_t>(ef);
    ASSIGN_OR_RETURN(const std::int64_t reorder_k,
                     ReadParam(params, ParamKey::kReorderK, 0));
    parsed.reorder_k = static_cast<std::size_t>(reorder_k);
    if (reorder_k != 0 && parsed.reorder_k < k) {
      return InvalidInput(ErrorCode::kParameterInvalid,
                          "reorder_k({}) should be larger than k({})",
                          reorder_k, k);
    }
  }
  if (type == IndexType::kIvfPq || type == IndexType::kIvfRabitq) {
    ASSIGN_OR_RETURN(parsed.refine_k, ReadRefineK(params));
  }
  if (type == IndexType::kIvfRabitq) {
    ASSIGN_OR_RETURN(const std::int64_t later,
                     ReadParam(params, ParamKey::kBitsQuery, 0));
    ASSIGN_OR_RETURN(const std::int64_t bits,
                     ReadParam(params, ParamKey::kQueryBits, later));
    parsed.query_bits = static_cast<std::size_t>(bits);
  }
  return parsed;
}

}  // namespace elanus::index

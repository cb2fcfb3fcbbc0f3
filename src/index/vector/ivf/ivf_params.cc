#include "index/vector/ivf/ivf_params.h"

#include <optional>

#include "index/vector/params.h"

namespace elanus::index {
namespace {

using base::ErrorCode;
using base::InvalidInput;

constexpr std::int64_t kDefaultProbes = 8;

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
    ASSIGN_OR_RETURN(const CodeParams codes, ReadCodes(params, dim, {}));
    ivf.m = codes.m;
    ivf.nbits = codes.nbits;
  }
  if (type == IndexType::kIvfPq || type == IndexType::kIvfRabitq) {
    ASSIGN_OR_RETURN(ivf.refine, ReadRefine(params));
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

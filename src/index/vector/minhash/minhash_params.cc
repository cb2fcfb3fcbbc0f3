#include "index/vector/minhash/minhash_params.h"

#include <algorithm>
#include <bit>

#include "index/vector/params.h"

namespace elanus::index {
namespace {

using base::ErrorCode;
using base::InvalidInput;

constexpr std::string_view kWithRawData = "with_raw_data";
constexpr std::string_view kWithJaccard = "mh_search_with_jaccard";
constexpr std::size_t kMaxElementBits = 64;

}  // namespace

absl::StatusOr<MinHashParams> ParseMinHash(IndexType type,
                                           const ParamMap& params,
                                           std::size_t dim) {
  ASSIGN_OR_RETURN(const std::int64_t width,
                   ReadParam(params, ParamKey::kElementBits, 8));
  const auto bits = static_cast<std::size_t>(width);
  if (!std::has_single_bit(bits) || bits > kMaxElementBits) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "param '{}' ({}) is supported as 8, 16, 32 or 64",
                        NameOf(ParamKey::kElementBits), bits);
  }
  if (dim % bits != 0) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "the dimension ({}) should be a multiple of param "
                        "'{}' ({})",
                        dim, NameOf(ParamKey::kElementBits), bits);
  }
  MinHashParams parsed;
  parsed.signature.element_bytes = static_cast<std::uint32_t>(bits / 8);
  if (type != IndexType::kMinHashLsh) {
    parsed.with_raw_data = true;
    return parsed;
  }
  ASSIGN_OR_RETURN(const std::int64_t bands,
                   ReadParam(params, ParamKey::kBands, 1));
  parsed.signature.bands = static_cast<std::uint32_t>(
      std::min<std::size_t>(static_cast<std::size_t>(bands), dim / bits));
  ASSIGN_OR_RETURN(parsed.with_raw_data, ReadFlag(params, kWithRawData, false));
  return parsed;
}

absl::StatusOr<SearchParams> ParseMinHashSearch(const ParamMap& params) {
  SearchParams parsed;
  ASSIGN_OR_RETURN(parsed.with_jaccard, ReadFlag(params, kWithJaccard, false));
  ASSIGN_OR_RETURN(const std::int64_t rows,
                   ReadParam(params, ParamKey::kRefineRows, 1));
  parsed.refine_rows = static_cast<std::size_t>(rows);
  return parsed;
}

absl::Status CheckJaccard(const SearchParams& params, bool with_raw_data) {
  if (!params.with_jaccard || with_raw_data) return absl::OkStatus();
  return InvalidInput(ErrorCode::kParameterInvalid,
                      "{} needs an index that was made with {} = true: invalid "
                      "parameter",
                      kWithJaccard, kWithRawData);
}

}  // namespace elanus::index

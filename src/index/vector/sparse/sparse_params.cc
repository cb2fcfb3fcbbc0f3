#include "index/vector/sparse/sparse_params.h"

#include <array>
#include <charconv>
#include <string>

namespace elanus::index {
namespace {

using base::ErrorCode;
using base::InvalidInput;

struct NumberRule {
  std::string_view name;
  double min;
  double max;
  bool is_max_allowed = true;
};

constexpr NumberRule kDropRatioBuild = {"drop_ratio_build", 0, 1, false};
constexpr NumberRule kDropRatioSearch = {"drop_ratio_search", 0, 1, false};
constexpr NumberRule kDimMaxScoreRatio = {"dim_max_score_ratio", 0.5, 1.3};
constexpr NumberRule kBm25K1 = {"bm25_k1", 0, 3};
constexpr NumberRule kBm25B = {"bm25_b", 0, 1};
constexpr NumberRule kBm25Avgdl = {"bm25_avgdl", 1, 1e9};

constexpr std::string_view kAlgorithmName = "inverted_index_algo";

struct AlgorithmName {
  std::string_view name;
  SparseAlgorithm algorithm;
};
constexpr std::array kAlgorithms = {
    AlgorithmName{"DAAT_MAXSCORE", SparseAlgorithm::kDaatMaxScore},
    AlgorithmName{"DAAT_WAND", SparseAlgorithm::kDaatWand},
    AlgorithmName{"TAAT_NAIVE", SparseAlgorithm::kTaatNaive},
    AlgorithmName{"BLOCK_MAX_MAXSCORE", SparseAlgorithm::kBlockMaxMaxScore},
    AlgorithmName{"BLOCK_MAX_WAND", SparseAlgorithm::kBlockMaxWand},
};

absl::StatusOr<float> ReadNumber(const ParamMap& params, const NumberRule& rule,
                                 float fallback) {
  const auto found = params.find(rule.name);
  if (found == params.end()) return fallback;
  const std::string& text = found->second;
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "invalid parameter[expected=a number in [{}, {}]]"
                        "[actual={}]: param '{}' is not a number",
                        rule.min, rule.max, text, rule.name);
  }
  // Not a number fails as well.
  if (!(value >= rule.min && value <= rule.max) ||
      (value == rule.max && !rule.is_max_allowed)) {
    return InvalidInput(
        ErrorCode::kParameterInvalid,
        "Out of range in json: param '{}' ({}) should be in range [{}, {}{}",
        rule.name, text, rule.min, rule.max, rule.is_max_allowed ? "]" : ")");
  }
  return static_cast<float>(value);
}

absl::StatusOr<SparseAlgorithm> ReadAlgorithm(const ParamMap& params) {
  const auto found = params.find(kAlgorithmName);
  if (found == params.end()) return SparseAlgorithm::kDaatMaxScore;
  std::string known;
  for (const AlgorithmName& algorithm : kAlgorithms) {
    if (algorithm.name == found->second) return algorithm.algorithm;
    known += known.empty() ? "" : " ";
    known += algorithm.name;
  }
  return InvalidInput(ErrorCode::kParameterInvalid,
                      "sparse inverted index algo {} not found or not "
                      "supported, supported: [{}]",
                      found->second, known);
}

}  // namespace

absl::StatusOr<SparseParams> ParseSparse(const ParamMap& params) {
  SparseParams parsed;
  ASSIGN_OR_RETURN(parsed.algorithm, ReadAlgorithm(params));
  // Checked, and without effect, as in Milvus since 2.5.
  RETURN_IF_ERROR(ReadNumber(params, kDropRatioBuild, 0).status());
  ASSIGN_OR_RETURN(parsed.bm25_k1, ReadNumber(params, kBm25K1, parsed.bm25_k1));
  ASSIGN_OR_RETURN(parsed.bm25_b, ReadNumber(params, kBm25B, parsed.bm25_b));
  ASSIGN_OR_RETURN(parsed.bm25_avgdl,
                   ReadNumber(params, kBm25Avgdl, parsed.bm25_avgdl));
  return parsed;
}

absl::StatusOr<SearchParams> ParseSparseSearch(const ParamMap& params) {
  SearchParams parsed;
  ASSIGN_OR_RETURN(parsed.drop_ratio, ReadNumber(params, kDropRatioSearch, 0));
  ASSIGN_OR_RETURN(parsed.dim_max_score_ratio,
                   ReadNumber(params, kDimMaxScoreRatio, 1));
  return parsed;
}

}  // namespace elanus::index

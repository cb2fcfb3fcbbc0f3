#include "index/vector/diskann/disk_params.h"

#include "index/vector/params.h"

namespace elanus::index {
namespace {

// As in Milvus: the nodes are on the disk anyway.
absl::Status CheckMmap(const ParamMap& params) {
  const auto found = params.find("mmap.enabled");
  if (found == params.end() || found->second == "false" ||
      found->second == "False") {
    return absl::OkStatus();
  }
  return base::InvalidInput(
      base::ErrorCode::kParameterInvalid,
      "index type DISKANN does not support mmap: invalid parameter");
}

}  // namespace

absl::Status CheckSearchList(std::size_t search_list, std::size_t k) {
  if (search_list == 0 || search_list >= k) return absl::OkStatus();
  return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                            "search_list_size({}) should be larger than k({})",
                            search_list, k);
}

absl::StatusOr<DiskParams> ParseDiskParams(const ParamMap& params) {
  RETURN_IF_ERROR(CheckMmap(params));
  DiskParams disk;
  ASSIGN_OR_RETURN(const std::int64_t degree,
                   ReadParam(params, ParamKey::kMaxDegree, disk.max_degree));
  ASSIGN_OR_RETURN(
      const std::int64_t list_size,
      ReadParam(params, ParamKey::kSearchListSize, disk.search_list_size));
  disk.max_degree = static_cast<std::uint32_t>(degree);
  disk.search_list_size = static_cast<std::uint32_t>(list_size);
  ASSIGN_OR_RETURN(
      disk.code_budget,
      ReadShare(params, "pq_code_budget_gb_ratio", disk.code_budget));
  ASSIGN_OR_RETURN(disk.cache_budget,
                   ReadShare(params, "search_cache_budget_gb_ratio",
                             disk.cache_budget, /*may_be_zero=*/true));
  return disk;
}

absl::StatusOr<SearchParams> ParseDiskSearch(const ParamMap& params,
                                             std::size_t k) {
  SearchParams parsed;
  ASSIGN_OR_RETURN(const std::int64_t list,
                   ReadParam(params, ParamKey::kSearchList, 0));
  ASSIGN_OR_RETURN(const std::int64_t beam,
                   ReadParam(params, ParamKey::kBeamWidth, 0));
  parsed.search_list = static_cast<std::size_t>(list);
  parsed.beam_width = static_cast<std::size_t>(beam);
  RETURN_IF_ERROR(CheckSearchList(parsed.search_list, k));
  return parsed;
}

}  // namespace elanus::index

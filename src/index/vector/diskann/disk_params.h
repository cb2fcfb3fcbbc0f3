// Reads the parameters of DISKANN (registry.h) from the wire's text.
//
// Errors: kParameterInvalid with name, value and range; for mmap.enabled, which
//         has no meaning here.
#pragma once

#include <cstddef>

#include "base/status.h"
#include "index/vector/registry.h"

namespace elanus::index {

// OK where the list of a search holds its k hits, or 0 is left to choose.
absl::Status CheckSearchList(std::size_t search_list, std::size_t k);

absl::StatusOr<DiskParams> ParseDiskParams(const ParamMap& params);

absl::StatusOr<SearchParams> ParseDiskSearch(const ParamMap& params,
                                             std::size_t k);

}  // namespace elanus::index

// The parameters of signatures: MHJACCARD on MINHASH_LSH and BIN_FLAT.
//
// Threads: pure.
// Errors:  kParameterInvalid naming the parameter.
#pragma once

#include <cstddef>

#include "base/status.h"
#include "index/vector/registry.h"

namespace elanus::index {

// `dim`: of a row, in bits.
absl::StatusOr<MinHashParams> ParseMinHash(IndexType type,
                                           const ParamMap& params,
                                           std::size_t dim);

absl::StatusOr<SearchParams> ParseMinHashSearch(const ParamMap& params);

// An index without signatures cannot rank by them.
absl::Status CheckJaccard(const SearchParams& params, bool with_raw_data);

}  // namespace elanus::index

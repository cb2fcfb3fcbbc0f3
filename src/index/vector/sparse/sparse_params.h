// The wire's parameters of indexes on sparse rows.
//
// Errors: kParameterInvalid with name, value and range.
#pragma once

#include "base/status.h"
#include "index/vector/registry.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

absl::StatusOr<SparseParams> ParseSparse(const ParamMap& params);
absl::StatusOr<SearchParams> ParseSparseSearch(const ParamMap& params);

}  // namespace elanus::index

// The parameters of the IVF family, from the wire's text.
//
// Errors: kParameterInvalid naming parameter, value and range.
#pragma once

#include <cstddef>

#include "base/status.h"
#include "index/vector/registry.h"

namespace elanus::index {

absl::StatusOr<IvfParams> ParseIvfParams(IndexType type, const ParamMap& params,
                                         std::size_t dim);

absl::StatusOr<SearchParams> ParseIvfSearch(IndexType type,
                                            const ParamMap& params,
                                            std::size_t k);

}  // namespace elanus::index

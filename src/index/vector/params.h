// The parameters of vector indexes: their wire spellings and ranges stand in
// one table, in params.cc.
//
//   ASSIGN_OR_RETURN(const std::int64_t m,
//                    ReadParam(params, ParamKey::kM, 30));
//
// Errors: kParameterInvalid with name, value and range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/status.h"
#include "index/vector/registry.h"

namespace elanus::index {

enum class ParamKey {
  kM,
  kEfConstruction,
  kEf,
  kNlist,
  kNprobe,
  kParts,
  kNbits,
  kSubDim,
  kReorderK,
  kQueryBits,
  kBitsQuery,
  kLevels,
  kMaxDegree,
  kSearchListSize,
  kSearchList,
  kBeamWidth,
  kElementBits,
  kBands,
  kRefineRows
};

std::string_view NameOf(ParamKey key);

// The value of `key`, checked against its range; `fallback` where it is
// absent.
absl::StatusOr<std::int64_t> ReadParam(const ParamMap& params, ParamKey key,
                                       std::int64_t fallback);

// The share asked for as "target_recall", in (0, 1]; none where it is absent.
absl::StatusOr<std::optional<double>> ReadTargetRecall(const ParamMap& params);

// "true" or "false" in any case.
absl::StatusOr<bool> ReadFlag(const ParamMap& params, std::string_view name,
                              bool fallback);

// What the best rows are ranked again by, "refine" and "refine_type": FP32 if
// the latter is absent.
absl::StatusOr<RefineType> ReadRefine(const ParamMap& params);

struct CodeParams {
  std::uint32_t m = 0;      // parts
  std::uint32_t nbits = 8;  // bits of a part's code
};
// "m", which must divide `dim`, and "nbits". An `m` of 0 in `defaults` has to
// be given.
absl::StatusOr<CodeParams> ReadCodes(const ParamMap& params, std::size_t dim,
                                     const CodeParams& defaults);

// How many times k are ranked again, "refine_k": at least 1, which stands in
// where it is absent.
absl::StatusOr<float> ReadRefineK(const ParamMap& params);

// A number in (0, 1], or in [0, 1] where nothing may be asked for.
absl::StatusOr<double> ReadShare(const ParamMap& params, std::string_view name,
                                 double fallback, bool may_be_zero = false);

}  // namespace elanus::index

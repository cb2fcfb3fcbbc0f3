// The texts that travel beside a search or query: key and value pairs, some of
// them once more inside a JSON object named "params".
//
//   ASSIGN_OR_RETURN(SearchParams params, ReadSearchParams(
//       request.search_params(), {.max_top_k = 16384, ...}));
//   ASSIGN_OR_RETURN(QueryParams params, ReadQueryParams(...));
//
// A key may stand outside and inside of "params" if both say the same. Keys
// that mean nothing here are left out, but for those that would change the
// answer (grouping, ordering, ...): they are refused by name.
//
// Threads: all functions are pure.
// Errors:  kUnexpected for ranges, kParameterInvalid for the rest,
//          kOperationNotSupported; the caller's fault.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <google/protobuf/repeated_ptr_field.h>

#include "base/status.h"
#include "proto/milvus/common.pb.h"

namespace elanus::access {

using KeyValues =
    google::protobuf::RepeatedPtrField<milvus::proto::common::KeyValuePair>;

struct ReadLimits {
  std::int64_t max_top_k = 16384;
  std::int64_t max_window = 16384;  // offset + limit
};

struct SearchParams {
  std::string anns_field;   // empty: the only vector field
  std::string metric_type;  // empty: the index's
  std::int64_t top_k = 0;   // without the offset
  std::int64_t offset = 0;
  int round_decimal = -1;  // digits behind the point; -1 = as it is
  bool ignore_growing = false;
  bool is_iterator = false;
  std::int64_t collection_id = 0;  // that the iterator began with; 0 = any
  std::map<std::string, std::string> index_params;  // ef, radius, ...
};

absl::StatusOr<SearchParams> ReadSearchParams(const KeyValues& pairs,
                                              const ReadLimits& limits);

struct QueryParams {
  std::int64_t limit = 0;  // 0 = none
  std::int64_t offset = 0;
  bool has_pagination = false;  // limit or offset was given
  bool ignore_growing = false;
  bool is_iterator = false;
  std::int64_t collection_id = 0;  // as in SearchParams
};

absl::StatusOr<QueryParams> ReadQueryParams(const KeyValues& pairs,
                                            const ReadLimits& limits);

}  // namespace elanus::access

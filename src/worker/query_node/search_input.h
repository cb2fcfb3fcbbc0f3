// The engine's plan of a search, made out of the requests that it answers.
//
//   ASSIGN_OR_RETURN(const SearchInput input,
//                    MakeInput(searches, view, schema, filter));
//   ... input.plan ...
//
// Threads: pure functions.
// Errors:  kIndexNotFound; kParameterInvalid for queries, metric or range that
//          do not fit.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/status.h"
#include "expr/plan.h"
#include "segment/search.h"
#include "types/schema.h"
#include "worker/query_node/passed_search.h"
#include "worker/query_node/view.h"

namespace elanus::worker {

struct SearchInput {
  segment::SearchPlan plan;      // for the most hits that one of them wants
  std::vector<std::byte> bytes;  // aligned copy of the queries
};

// `searches` are one, or have equal keys (scan_key.h): their queries follow
// each other.
absl::StatusOr<SearchInput> MakeInput(
    std::span<const PassedSearch> searches, const View& view,
    const std::shared_ptr<const types::Schema>& schema,
    std::shared_ptr<const expr::Plan> filter);

// What one query of a dense or binary field takes in a request.
std::size_t QueryBytes(const types::FieldSchema& field);

}  // namespace elanus::worker

// AUTOINDEX on float vectors: a graph, or lists of codes where these answer
// quicker. Both are built and know their own recall; what decides is what each
// is estimated to do for the same recall (search_cost.h), never a clock.
//
// Lists are only tried on segments that are large and hard for a graph: on
// others the graph wins anyway, and it serves strong filters better.
//
// Threads: as the builds of both.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/registry.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

// The lists that an AUTOINDEX on so many rows may become; none for few.
std::optional<IndexSpec> ListsInPlaceOf(const IndexSpec& spec,
                                        std::size_t rows);

// `spec` is that of the graph.
absl::StatusOr<std::unique_ptr<VectorIndex>> BuildAutoIndex(
    const base::OpContext& ctx, const IndexSpec& spec,
    const VectorDataset& dataset, const BuildOptions& options);

}  // namespace elanus::index

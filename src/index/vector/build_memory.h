// How much memory the build of an index needs: what a node asks its budget for
// before it begins.
//
//   const std::size_t need = BuildMemory(spec, dataset, options);
//   ASSIGN_OR_RETURN(const auto held, budget.Reserve(need, "index"));
//
// It is the file being made and the largest of what is held besides, from the
// sizes alone: values cost nothing to look at, but nobody looks.
//
// Threads: pure.
#pragma once

#include <cstddef>

#include "index/vector/registry.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

// Bytes, besides the dataset itself.
std::size_t BuildMemory(const IndexSpec& spec, const VectorDataset& dataset,
                        const BuildOptions& options);

}  // namespace elanus::index

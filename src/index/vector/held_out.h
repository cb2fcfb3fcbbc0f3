// Rows that an index asks for as queries while it is built, to learn how much
// it finds; and the right answers.
//
//   std::vector<std::uint32_t> rows = ChooseHeldOut(n, unfit, seed);
//   ASSIGN_OR_RETURN(const Truth truth,
//                    FindNearest(ctx, dataset, metric, queries, held_out,
//                                kMeasuredNeighbours, options));
//
// Threads: the executor's threads work along; the result does not depend on
//          them.
// Errors:  kCancelled and kDeadlineExceeded from the context.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/vector_index.h"
#include "types/bitset.h"
#include "types/metric.h"

namespace elanus::index {

// The neighbours by which a recall is measured.
inline constexpr std::size_t kMeasuredNeighbours = 10;

// Below, a search is a scan: there is nothing to measure.
inline constexpr std::size_t kMinMeasuredRows = 1000;

// Rows to be held out, spread by the seed, in order; none of fewer than
// kMinMeasuredRows. Rows in `unfit` are never chosen.
std::vector<std::uint32_t> ChooseHeldOut(std::size_t rows,
                                         const types::Bitset& unfit,
                                         std::uint64_t seed);

// `k` a query, nearest first.
struct Truth {
  std::vector<float> distances;
  std::vector<std::uint32_t> rows;
};

// The nearest `k` of the rows that are not held out.
absl::StatusOr<Truth> FindNearest(const base::OpContext& ctx,
                                  const VectorDataset& dataset,
                                  types::MetricType metric,
                                  std::span<const float> queries,
                                  std::span<const std::uint32_t> held_out,
                                  std::size_t k, const BuildOptions& options);

}  // namespace elanus::index

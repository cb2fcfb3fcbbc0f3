// The rows of a dataset as a Vamana graph is built over them: where they are
// compared by L2, whatever the metric is, for the graph's rule of choosing
// links wants the triangle inequality.
//
//   BuildSpace space(rows, metric, nodes);
//   RETURN_IF_ERROR(space.Fill(ctx, options));
//   BuildVamana(ctx, space.graph(), shape, options);
//
// COSINE: rows of length 1. IP: one more dimension makes all rows as long as
// the longest, and then the nearest by L2 to a query with 0 there is the one
// with the largest product.
//
// Memory:    5 bytes a dimension and row.
// Threads:   const methods from any thread; Fill shares its work out.
// Ownership: keeps a copy of the rows; `rows` and `nodes` are borrowed.
// Errors:    of the context.
// Source:    Bachrach et al., "Speeding up the Xbox recommender system using a
//            Euclidean transformation for inner-product spaces", RecSys 2014.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/dataset_rows.h"
#include "index/vector/hnsw/graph.h"
#include "index/vector/huge_bytes.h"
#include "index/vector/vector_index.h"
#include "types/metric.h"

namespace elanus::index {

class BuildSpace {
 public:
  // Node i is row nodes[i].
  BuildSpace(const DatasetRows& rows, types::MetricType metric,
             std::span<const std::uint32_t> nodes);
  BuildSpace(const BuildSpace&) = delete;
  BuildSpace& operator=(const BuildSpace&) = delete;

  // Copies the rows, and makes one byte a dimension of them, for walks, unless
  // that would mislead them.
  absl::Status Fill(const base::OpContext& ctx, const BuildOptions& options);

  const HnswGraph& graph() const { return graph_; }

 private:
  float* VectorAt(std::size_t node);
  absl::Status MakeEquallyLong(const base::OpContext& ctx,
                               const BuildOptions& options);
  absl::Status Encode(const base::OpContext& ctx, const BuildOptions& options);

  const DatasetRows& rows_;
  const std::span<const std::uint32_t> nodes_;
  const bool has_length_;  // the last dimension evens lengths out
  HnswGraph graph_;
  HugeBytes vectors_;
  HugeBytes codes_{0};
  std::vector<float> middle_;
  std::vector<float> step_;
  std::vector<float> terms_;
};

}  // namespace elanus::index

// Exact inner products of all sparse rows that are in, for brute force. Only
// rows with a product above zero are hits, as in Milvus: a row that shares no
// index with the query has nothing to do with it.
//
//   SparseScan scan(dataset, excluded);
//   RETURN_IF_ERROR(scan.Run(ctx, queries, nq, visit));
//
// Threads: none.
// Errors:  of the context.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/vector_index.h"
#include "types/sparse.h"

namespace elanus::index {

inline float SparseDot(std::span<const types::SparseEntry> x,
                       std::span<const types::SparseEntry> y) {
  float sum = 0;
  for (std::size_t i = 0, j = 0; i < x.size() && j < y.size();) {
    if (x[i].index == y[j].index) {
      sum += x[i++].value * y[j++].value;
    } else if (x[i].index < y[j].index) {
      ++i;
    } else {
      ++j;
    }
  }
  return sum;
}

class SparseScan {
 public:
  SparseScan(const VectorDataset& dataset, types::BitsetView excluded)
      : dataset_(dataset), excluded_(excluded) {}

  // Calls visit(query, distance, row), rows of a query in rising order.
  template <typename Visit>
  absl::Status Run(const base::OpContext& ctx, const types::SparseRows& queries,
                   std::size_t nq, Visit visit) {
    std::size_t base = 0;
    for (const VectorBlock& block : dataset_.blocks) {
      const types::SparseRows rows = block.sparse();
      for (std::size_t i = 0; i < block.rows; ++i) {
        if (i % kRowsBetweenChecks == 0) RETURN_IF_ERROR(ctx.Check());
        if (excluded_.Test(base + i)) continue;
        for (std::size_t q = 0; q < nq; ++q) {
          const float product = SparseDot(queries.Row(q), rows.Row(i));
          if (!(product > 0)) continue;
          visit(q, -product, static_cast<std::uint32_t>(base + i));
        }
      }
      base += block.rows;
    }
    return absl::OkStatus();
  }

 private:
  static constexpr std::size_t kRowsBetweenChecks = 256;

  const VectorDataset& dataset_;
  const types::BitsetView excluded_;
};

}  // namespace elanus::index

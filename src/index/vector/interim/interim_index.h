// An index of rows that are still being added: what makes growing segments
// cheaper to search than by brute force until they have an index of their own.
//
// The rows lie in lists around centroids, in each list as 8-bit codes with
// proven bounds (row_list.h). Few rows lie in one list and are searched
// exactly; of many a search looks into some lists, 1.5 times the root of their
// number, and into more where few rows pass a filter or many hits are asked
// for.
//
//   ASSIGN_OR_RETURN(auto index, InterimIndex::Train(ctx, metric, rows));
//   index->Add(vectors, 50);
//   TopK best(10);
//   RETURN_IF_ERROR(index->Search(ctx, {.query = bound, .rows = index->size(),
//                                       .passing = index->size()}, best));
//
// Threads:   Add by one thread at a time, everything else from any.
// Ownership: the vectors are borrowed and must not move.
// Source:    J. Sivic, A. Zisserman, "Video Google", ICCV 2003 (the lists).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/quantization/packed_table.h"
#include "index/vector/interim/row_list.h"
#include "index/vector/topk.h"
#include "index/vector/vector_index.h"
#include "types/metric.h"

namespace elanus::index {

struct InterimQuery {
  // One, as the kernels want it (BindQueries).
  const float* query = nullptr;
  std::size_t k = 10;       // what `best` holds
  std::size_t rows = 0;     // rows [0, rows) are looked at, at most size()
  std::size_t passing = 0;  // how many of them are in
  types::BitsetView excluded;
  bool is_exact = false;  // look into all lists
};

class InterimIndex {
 public:
  // How many lists serve so many rows.
  static std::size_t ListsFor(std::size_t rows);

  // Finds the centroids for these rows of float32, and adds none.
  static absl::StatusOr<std::unique_ptr<InterimIndex>> Train(
      const base::OpContext& ctx, types::MetricType metric,
      const VectorDataset& rows);

  types::MetricType metric() const { return metric_; }
  std::size_t lists() const { return lists_.size(); }
  // Rows added.
  std::size_t size() const { return size_.load(std::memory_order_acquire); }
  // For the thread that adds.
  std::size_t memory_bytes() const;

  // `count` rows behind each other, from row size() on.
  void Add(const float* vectors, std::size_t count);

  // Offers the nearest rows.
  // Errors: of the context.
  absl::Status Search(const base::OpContext& ctx, const InterimQuery& query,
                      TopK& best) const;

 private:
  InterimIndex(types::MetricType metric, std::size_t dim);

  std::size_t ProbesFor(const InterimQuery& query) const;

  const types::MetricType metric_;
  const std::size_t dim_;
  const bool with_codes_;
  // Both empty with one list.
  PackedTable nearest_;  // which list a row goes to
  PackedTable probes_;   // which lists a query looks into
  std::deque<RowList> lists_;
  std::atomic<std::size_t> size_{0};
};

}  // namespace elanus::index

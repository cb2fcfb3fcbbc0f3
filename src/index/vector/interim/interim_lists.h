// Rows that are still being added, in lists around centroids: quicker to fill
// than a graph (interim_graph.h) and slower to search. They hold the rows that
// are too few for a graph, that wait to go into it, or that have to be found
// exactly.
//
// A list has its rows as 8-bit codes with proven bounds (row_list.h). Few rows
// lie in one list and are searched exactly; of many a search looks into some
// lists, 1.5 times the root of their number, and into more where few rows pass
// a filter or many hits are asked for.
//
//   ASSIGN_OR_RETURN(auto lists, InterimLists::Train(ctx, metric, rows, 0));
//   lists->Add(vectors, 50);
//   TopK best(10);
//   RETURN_IF_ERROR(lists->Search(ctx, {.query = bound, .end = lists->end(),
//                                       .passing = lists->end()},
//                                 /*is_exact=*/false, best));
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
#include "index/vector/interim/interim_query.h"
#include "index/vector/interim/row_list.h"
#include "index/vector/topk.h"
#include "index/vector/vector_index.h"
#include "types/metric.h"

namespace elanus::index {

class InterimLists {
 public:
  // How many lists serve so many rows.
  static std::size_t ListsFor(std::size_t rows);

  // Finds the centroids for these rows of float32, and adds none. The first
  // row to be added is `begin`.
  static absl::StatusOr<std::unique_ptr<InterimLists>> Train(
      const base::OpContext& ctx, types::MetricType metric,
      const VectorDataset& rows, std::size_t begin);

  types::MetricType metric() const { return metric_; }
  std::size_t lists() const { return lists_.size(); }
  // Rows [begin, end) have been added.
  std::size_t begin() const { return begin_; }
  std::size_t end() const { return end_.load(std::memory_order_acquire); }
  // For the thread that adds.
  std::size_t memory_bytes() const;

  // `count` rows behind each other, from row end() on.
  void Add(const float* vectors, std::size_t count);

  // Offers the nearest rows; exactly, if all lists are looked into.
  // Errors: of the context.
  absl::Status Search(const base::OpContext& ctx, const InterimQuery& query,
                      bool is_exact, TopK& best) const;

 private:
  InterimLists(types::MetricType metric, std::size_t dim, std::size_t begin);

  std::size_t ProbesFor(const InterimQuery& query) const;

  const types::MetricType metric_;
  const std::size_t dim_;
  const std::size_t begin_;
  const bool with_codes_;
  // Both empty with one list.
  PackedTable nearest_;  // which list a row goes to
  PackedTable probes_;   // which lists a query looks into
  std::deque<RowList> lists_;
  std::atomic<std::size_t> end_;
};

}  // namespace elanus::index

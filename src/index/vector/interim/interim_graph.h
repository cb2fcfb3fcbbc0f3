// A graph of rows that are still being added: searched in logarithmic time
// while it grows.
//
// It is an HNSW graph by 8-bit codes whose rows lie elsewhere. Room is made for
// twice the rows that there are; when it is full, or when new rows are so
// unlike those that the codes were fitted to that these would mislead, another
// graph takes over its links and codes all rows anew. Equal rows hang in a
// chain behind the first of them, as in an index (hnsw/duplicates.h).
//
//   ASSIGN_OR_RETURN(auto graph, InterimGraph::Make(ctx, metric, rows));
//   RETURN_IF_ERROR(graph->Add(ctx, vectors, 128));
//   graph->Publish();
//   const HnswGraph now = graph->Snapshot();
//   const std::size_t ef = graph->EffortFor(params, query.k).ef;
//   ASSIGN_OR_RETURN(hits, graph->Search(ctx, now, ef, query));
//
// Each time it has half as many rows more, it learns by the next ones, before
// they go in, how much its walks find (hnsw/recall_curve.h).
//
// Threads:   Add, Publish, and Make from it, by one thread at a time; the rest
//            from any.
//            A search sees what was published when its snapshot was taken.
// Ownership: the vectors are borrowed and must not move.
// Errors:    those of the context.
// Source:    Malkov, Yashunin, arXiv:1603.09320.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/container/flat_hash_map.h>

#include "base/mutex.h"
#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/hnsw/graph.h"
#include "index/vector/hnsw/insert.h"
#include "index/vector/hnsw/recall_curve.h"
#include "index/vector/hnsw/scratch.h"
#include "index/vector/huge_bytes.h"
#include "index/vector/interim/interim_query.h"
#include "index/vector/vector_index.h"
#include "types/metric.h"

namespace elanus::index {

class InterimGraph {
 public:
  // Fewer rows are scanned as quickly.
  static constexpr std::size_t kMinRows = 2048;

  // For rows like these, and as many again; adds none of them but those of
  // `before`, which are the first of these. Null: it begins empty.
  static absl::StatusOr<std::unique_ptr<InterimGraph>> Make(
      const base::OpContext& ctx, types::MetricType metric,
      const VectorDataset& rows, const InterimGraph* before);

  // Rows published.
  std::size_t size() const { return size_.load(std::memory_order_acquire); }
  // For the thread that adds: true if these rows want another graph.
  bool IsOutgrownBy(std::span<const VectorBlock> rows) const;
  // For the thread that adds: what the rows take, and searches keep.
  std::size_t memory_bytes() const;

  // `count` rows behind each other, from the last one added on; IsOutgrownBy
  // must have been false for them. They are found once they are published.
  absl::Status Add(const base::OpContext& ctx, const float* vectors,
                   std::size_t count);
  void Publish();

  // The graph as it is, to be searched while this lives.
  HnswGraph Snapshot() const;
  // How far to go for `k` hits. An `ef` below k is taken as k.
  Effort EffortFor(const SearchParams& params, std::size_t k) const;

  // Of the snapshot's rows below query.end the nearest k within the limit,
  // nearest first; all that are in if there are fewer. `ef`: candidates kept
  // where all are in.
  absl::StatusOr<std::vector<Neighbor>> Search(const base::OpContext& ctx,
                                               const HnswGraph& snapshot,
                                               std::size_t ef,
                                               const InterimQuery& query) const;

 private:
  // The graph's arrays; what is not touched takes no memory.
  struct Room {
    Room(const HnswGraph& shape, std::size_t capacity, std::size_t upper_lists);

    HugeBytes codes;
    HugeBytes links;
    HugeBytes upper_links;
    HugeBytes next_equal;
    HugeBytes places;
    HugeBytes terms;
    HugeBytes errors;
  };

  InterimGraph(types::MetricType metric, std::size_t dim, std::size_t capacity);

  absl::Status FitCodec(const base::OpContext& ctx, const VectorDataset& rows);
  // The median of what the codes lose of these rows, dense behind each other.
  float UsualError(std::span<const float> rows) const;
  absl::Status TakeOver(const base::OpContext& ctx, const InterimGraph& before);
  // By rows that are not in the graph yet.
  absl::Status Measure(const base::OpContext& ctx, const float* vectors,
                       std::size_t count);
  // Null until it was measured.
  std::shared_ptr<const RecallCurve> curve() const;
  void SetCurve(std::shared_ptr<const RecallCurve> curve);
  void Put(std::uint32_t row, const float* vector);
  absl::Status Insert(const base::OpContext& ctx, std::uint32_t row);
  void ClearLinks(std::uint32_t row);
  bool HangBehindEqual(std::uint32_t row);

  const types::MetricType metric_;
  const std::size_t capacity_;
  const std::vector<std::uint8_t> levels_;
  const std::vector<std::uint32_t> upper_first_;
  std::vector<float> codec_;  // middles, then steps
  float usual_error_ = 0;     // of the rows that the codec was fitted to
  std::size_t fitted_rows_ = 0;
  HnswGraph shape_;  // of all snapshots; set before the first one
  Room room_;

  // The writer's.
  HnswGraph graph_;
  GraphInserter inserter_;
  InsertScratch scratch_;
  absl::flat_hash_map<std::size_t, std::uint32_t> first_of_equals_;  // by hash
  std::size_t measured_rows_ = 0;

  // Set in this order, read in the other.
  std::atomic<float> longest_code_{0};
  std::atomic<std::size_t> size_{0};
  std::atomic<std::uint64_t> top_{0};  // the entry point below its level

  mutable base::Mutex mutex_;
  std::shared_ptr<const RecallCurve> curve_ ABSL_GUARDED_BY(mutex_);

  mutable ScratchPool<WalkScratch> walks_;
};

}  // namespace elanus::index

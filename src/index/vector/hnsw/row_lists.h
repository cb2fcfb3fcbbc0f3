// The rows of a graph in lists around centroids, in its file: by these it is
// searched where many rows pass a filter, too many for a scan, and yet a walk
// would mostly meet others (list_scan.h).
//
//   RETURN_IF_ERROR(FillRowLists(ctx, graph, room, options));
//   *room.reach = RowLists::Measure(graph, room, held_out);
//   ASSIGN_OR_RETURN(auto lists, RowLists::Open(file, graph));
//
// Centroids are coded as rows are, so that a query that is bound to these is
// bound to them.
//
// Threads:   immutable once opened.
// Ownership: borrows the file's bytes.
// Errors:    DATA_LOSS for bytes that are none; those of the context.
// Source:    J. Sivic, A. Zisserman, "Video Google: a text retrieval approach
//            to object matching in videos", ICCV 2003.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/hnsw/list_reach.h"
#include "index/vector/index_file.h"
#include "index/vector/ivf/lists.h"
#include "index/vector/vector_index.h"
#include "simd/byte_dot.h"

namespace elanus::index {

struct HeldOut;
struct HnswGraph;
struct Probe;

// Of fewer rows a scan is as quick.
inline constexpr std::size_t kMinListedRows = 8192;

// How many lists so many rows lie in.
std::size_t RowListCount(std::size_t rows);

// Where they lie in a file being written; empty if it has none.
struct RowListsRoom {
  std::span<std::uint8_t> centroids;
  std::span<std::uint32_t> offsets;
  std::span<std::uint32_t> rows;
  ReachSection* reach = nullptr;
};

class RowLists {
 public:
  // Null for a file without lists, or an old one whose sketches are not in
  // their order. `graph`: of the same file.
  static absl::StatusOr<std::unique_ptr<RowLists>> Open(
      const IndexFileReader& file, const HnswGraph& graph);

  // How far a search has to go through lists in the making: of `room` all but
  // the reach. `held_out`: rows that are asked for, with kReachDepths.back()
  // nearest each.
  static ReachSection Measure(const HnswGraph& graph, const RowListsRoom& room,
                              const HeldOut& held_out);

  const Lists& lists() const { return lists_; }
  const ListReach& reach() const { return reach_; }
  // What it holds besides the file.
  std::size_t memory_bytes() const {
    return lists_.count() * (sizeof(std::uint32_t) + sizeof(float)) +
           lists_.first_block.size() * sizeof(std::uint32_t);
  }

  // How far each centroid is from a query that is bound to the graph's codes.
  void Distances(const HnswGraph& graph, const Probe& probe,
                 std::vector<std::int32_t>& sums,
                 std::vector<float>& distances) const;

 private:
  RowLists(const HnswGraph& graph, Lists lists, const std::uint8_t* centroids,
           const ReachSection& reach);

  // How many centroids are nearer to the query than each.
  std::vector<std::uint32_t> PlacesFor(const HnswGraph& graph,
                                       const float* query) const;

  const Lists lists_;
  const ListReach reach_;
  simd::ByteTable centroids_{};
  std::vector<std::uint32_t> numbers_;  // of all lists
  std::vector<float> terms_;            // of their centroids; none under IP
};

// Of the graph's vectors, which must have been coded; the same for any number
// of threads.
absl::Status FillRowLists(const base::OpContext& ctx, const HnswGraph& graph,
                          const RowListsRoom& room,
                          const BuildOptions& options);

}  // namespace elanus::index

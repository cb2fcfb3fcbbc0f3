// The rows of a graph in lists around centroids, in its file: by these it is
// searched where many rows pass a filter, too many for a scan, and yet a walk
// would mostly meet others (list_scan.h).
//
//   ASSIGN_OR_RETURN(const NearRows near, GroupRows(ctx, graph, options));
//   ...  // the rows are put in the order of near.groups, and coded
//   PutRowLists(graph, near, room);
//   *room.reach = RowLists::Measure(graph, room, held_out);
//   ASSIGN_OR_RETURN(auto lists, RowLists::Open(file, graph));
//
// The rows of a list lie behind each other (row_order.h). Centroids are coded
// as rows are, so that a query that is bound to these is bound to them.
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
#include "index/quantization/groups.h"
#include "index/vector/hnsw/list_reach.h"
#include "index/vector/index_file.h"
#include "index/vector/ivf/lists.h"
#include "index/vector/vector_index.h"
#include "simd/byte_dot.h"

namespace elanus::index {

struct HeldOut;
struct HnswGraph;
struct Probe;

// Fewer rows are scanned as quickly, and fit into a cache in any order.
inline constexpr std::size_t kMinListedRows = 8192;

// How many lists so many rows lie in.
std::size_t RowListCount(std::size_t rows);

// Where they lie in a file being written; empty if it has none.
struct RowListsRoom {
  std::span<std::uint8_t> centroids;
  std::span<std::uint32_t> offsets;
  ReachSection* reach = nullptr;
};

class RowLists {
 public:
  // Null for a file without lists, or an old one whose rows are not in their
  // order. `graph`: of the same file.
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

// Rows by lists of near ones, lists that are near each other in a row.
struct NearRows {
  std::vector<float> centroids;
  Groups groups;  // rows as the graph numbers them
};

// Of the graph's vectors, and of its chains of equal rows, each of which is in
// one list; the same for any number of threads.
absl::StatusOr<NearRows> GroupRows(const base::OpContext& ctx,
                                   const HnswGraph& graph,
                                   const BuildOptions& options);

// All but the reach. The rows must have been put in the order of the groups.
void PutRowLists(const HnswGraph& graph, const NearRows& near,
                 const RowListsRoom& room);

}  // namespace elanus::index

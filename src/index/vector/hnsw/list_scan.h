// A search through lists, mostly under a filter: of those nearest to the query
// the rows that pass are looked at, by their sketches first (sketch_sieve.h).
//
// A walk meets all rows and may keep but those that pass; a scan looks at all
// that pass, wherever they are. Where a tenth of many rows passes both do too
// much: this looks only at rows that pass, and only where the query is. So it
// does where data is too hard for walks.
//
//   const ListPlan plan = PlanLists(graph, {.recall = 0.95, .k = 10, ...});
//   TopK best(10);
//   RETURN_IF_ERROR(
//       ListScan(ctx, graph, query, plan, excluded, scratch, best));
//
// Threads: any number at once, each with its own scratch.
// Errors:  those of `ctx`.
#pragma once

#include <cstddef>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/hnsw/graph.h"
#include "index/vector/hnsw/scratch.h"
#include "index/vector/topk.h"
#include "types/bitset.h"

namespace elanus::index {

struct ListPlan {
  // Lists to look into, and how many rows pass in as many on the average.
  std::size_t probes = 0;
  double usual_rows = 0;
  double cost = 0;  // in the nanoseconds of ScanCost
};

struct ListsWanted {
  double recall = 0;
  std::size_t k = 0;
  std::size_t passing = 0;
};

// `graph` must have lists.
ListPlan PlanLists(const HnswGraph& graph, const ListsWanted& wanted);

// `query` is bound (BindQueries); `excluded` says of every row whether it is,
// or is empty.
// `best` gets at least min(k, passing) hits.
absl::Status ListScan(const base::OpContext& ctx, const HnswGraph& graph,
                      const float* query, const ListPlan& plan,
                      types::BitsetView excluded, WalkScratch& scratch,
                      TopK& best);

}  // namespace elanus::index

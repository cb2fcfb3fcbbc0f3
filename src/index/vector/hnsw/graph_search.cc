#include "index/vector/hnsw/graph_search.h"

#include <algorithm>
#include <cmath>

#include "index/vector/hnsw/exact_scan.h"
#include "index/vector/hnsw/walk.h"

namespace elanus::index {
namespace {

// Under a filter a walk keeps more rows, since most do not pass. Of those that
// do, the fewer pass, the fewer it needs: they lie all over what was walked
// over, and it is the rows at the edge that are missed. Measured.
constexpr double kWidening = 0.6;
// So many times k are to pass on the average.
constexpr double kSpare = 1.4;
// A walk that met fewer than k is done again, with so many times as many rows.
constexpr std::size_t kWider = 3;

// What a walk costs, in nanoseconds of some machine: only the ratio to what a
// scan does (ScanCost) counts. For each row that a walk keeps it reads
// scattered links and rows.
constexpr double kRowsPerLink = 0.6;
constexpr double kWalkedRow = 70;
constexpr double kByte = 0.05;

// A scan is exact, as walks and lists are not. So it is what is done where the
// others cost nearly as much...
constexpr double kWorth = 0.7;
// ...and under a filter that so many rows pass, while it costs no more than so
// many times what a search without the filter would.
constexpr std::size_t kExactRows = 20000;
constexpr double kBearable = 1.33;

double WalkCost(const HnswGraph& graph, std::size_t ef) {
  return static_cast<double>(ef) * kRowsPerLink * graph.m *
         (kWalkedRow + kByte * static_cast<double>(graph.walked_bytes()));
}

}  // namespace

GraphPlan PlanSearch(const HnswGraph& graph, std::size_t ef, std::size_t k,
                     std::size_t passing) {
  const std::size_t rows = graph.rows;
  GraphPlan plan{.k = k,
                 .passing = passing,
                 .ef = ef,
                 .rank = {.k = k, .exact = ExactCount(k)}};
  if (passing < rows) {
    const double share =
        std::max(1.0, static_cast<double>(passing)) / static_cast<double>(rows);
    const double wanted =
        std::max(static_cast<double>(ef) * std::pow(share, -kWidening),
                 kSpare * static_cast<double>(k) / share);
    plan.ef = static_cast<std::size_t>(
        std::min(std::ceil(wanted), static_cast<double>(rows)));
  }
  plan.scan_cost = ScanCost(graph, passing, k);
  plan.unfiltered_cost = WalkCost(graph, ef);
  return plan;
}

SearchWay WayOf(const HnswGraph& graph, const GraphPlan& plan) {
  if (plan.passing < graph.rows && plan.passing <= kExactRows &&
      plan.scan_cost <= kBearable * plan.unfiltered_cost) {
    return SearchWay::kScan;
  }
  const double walk = WalkCost(graph, plan.ef);
  if (plan.lists.probes != 0 && plan.lists.cost < walk &&
      plan.lists.cost < kWorth * plan.scan_cost) {
    return SearchWay::kLists;
  }
  return walk < plan.scan_cost ? SearchWay::kWalk : SearchWay::kScan;
}

absl::StatusOr<bool> WalkForHits(const base::OpContext& ctx,
                                 const HnswGraph& graph, const float* query,
                                 const GraphPlan& plan,
                                 types::BitsetView excluded,
                                 WalkScratch& scratch,
                                 std::vector<Neighbor>& hits) {
  for (std::size_t ef = plan.ef; WalkCost(graph, ef) < plan.scan_cost;
       ef *= kWider) {
    ASSIGN_OR_RETURN(const std::size_t met,
                     WalkGraph(ctx, graph, query,
                               {.ef = std::min(ef, graph.rows),
                                .rank = plan.rank,
                                .share = static_cast<double>(plan.passing) /
                                         static_cast<double>(graph.rows),
                                .excluded = excluded},
                               scratch, hits));
    if (met >= std::min(plan.k, plan.passing)) return true;
    // Fewer although all pass: many rows are equal, or out of reach.
    if (plan.passing == graph.rows) break;
  }
  return false;
}

}  // namespace elanus::index

#include "index/vector/hnsw/list_scan.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "index/vector/hnsw/code_scan.h"
#include "index/vector/hnsw/exact_scan.h"
#include "index/vector/hnsw/sketch_sieve.h"
#include "index/vector/kernel_rows.h"
#include "index/vector/nearest_bound.h"

namespace elanus::index {
namespace {

// Of the deviations that bounds leave room for in an exact scan: two standard
// ones, by which one hit in a thousand is missed where the lists miss fifty.
constexpr float kRoom = 0.5F;
// What is asked of lists besides, of what they may miss: for what bounds miss,
// and since a sample told how far to go.
constexpr double kMargin = 0.06;
// Where a filter leaves less than so much of the usual number of rows in the
// nearest lists, it is one that goes with the vectors, and the nearest rows
// that pass lie far: more lists are looked into, until so many times the usual
// number of rows was looked at.
constexpr double kFewRows = 0.65;
constexpr double kManyRows = 2.6;
constexpr std::size_t kListsBetweenChecks = 64;
// Rows of a list that are asked at once whether they pass.
constexpr std::size_t kPart = 1024;
// Of the numbers of a list's rows.
constexpr std::size_t kPrefetchedBytes = 512;

// Nanoseconds, as in exact_scan.cc.
constexpr double kSearch = 3500;
constexpr double kLook = 40;
constexpr double kCentroid = 6;
constexpr double kByte = 0.01;
constexpr double kPlace = 0.5;
constexpr double kList = 30;
// Of a row near the query, for more of them are looked at again.
constexpr double kNearRow = 3;

// The lists in the order in which they are looked into.
class ListOrder {
 public:
  // The first ones are the nearest, `wanted` or a few more, in no order; the
  // rest follow as they are near. Makes all distances orderly.
  ListOrder(std::span<float> distances, std::size_t wanted,
            std::vector<std::uint32_t>& order)
      : distances_(distances), order_(order) {
    order_.resize(distances_.size() + kPlacesSlack);
    for (float& distance : distances_) distance = Orderly(distance);
    near_ = BoundOfSmallest(distances_, wanted, order_.data());
  }

  bool HasMore() const { return at_ < distances_.size(); }
  // How many were given, and whether all that are near are among them.
  std::size_t at() const { return at_; }
  bool HasNear() const { return at_ < near_.count; }
  // The one that follows, if there is one that is near.
  std::uint32_t Peek() const { return order_[at_]; }
  std::uint32_t Next() {
    if (at_ == near_.count) SortRest();
    return order_[at_++];
  }

 private:
  void SortRest() {
    std::size_t end = near_.count;
    for (std::uint32_t list = 0; list < distances_.size(); ++list) {
      if (distances_[list] > near_.bound) order_[end++] = list;
    }
    const auto rest = std::span(order_).subspan(near_.count, end - near_.count);
    std::ranges::sort(rest, {}, [this](std::uint32_t list) {
      return std::pair(distances_[list], list);
    });
  }

  const std::span<float> distances_;
  std::vector<std::uint32_t>& order_;
  NearestBound near_;
  std::size_t at_ = 0;
};

// How many rows have to be looked at, `seen` having passed in the nearest
// lists.
std::size_t EnoughRows(const ListPlan& plan, std::size_t k, std::size_t seen) {
  const bool goes_along =
      static_cast<double>(seen) < kFewRows * plan.usual_rows;
  return std::max(k, static_cast<std::size_t>(
                         goes_along ? kManyRows * plan.usual_rows : 0.0));
}

void PrefetchIds(const Lists& lists, std::uint32_t list) {
  Prefetch(lists.ids.data() + lists.offsets[list], kPrefetchedBytes);
}

}  // namespace

ListPlan PlanLists(const HnswGraph& graph, const ListsWanted& wanted) {
  const Lists& lists = graph.lists->lists();
  const auto rows = static_cast<double>(graph.rows);
  const double passing =
      static_cast<double>(std::max<std::size_t>(1, wanted.passing));
  const double share = passing / rows;
  ListPlan plan;
  plan.probes = graph.lists->reach().ProbesFor(
      wanted.recall + kMargin * (1 - wanted.recall),
      static_cast<double>(wanted.k) / share);
  const auto probes = static_cast<double>(plan.probes);
  const auto count = static_cast<double>(lists.count());
  const double seen = passing * probes / count;
  plan.usual_rows = seen;
  plan.cost = kSearch +
              SketchedRowsCost(graph, static_cast<std::size_t>(seen)) +
              kLook * static_cast<double>(wanted.k) + kNearRow * seen +
              count * (kCentroid + kByte * static_cast<double>(graph.dim)) +
              probes * (kList + kPlace * rows / count);
  return plan;
}

absl::Status ListScan(const base::OpContext& ctx, const HnswGraph& graph,
                      const float* query, const ListPlan& plan,
                      types::BitsetView excluded, WalkScratch& scratch,
                      TopK& best) {
  const RowLists& row_lists = *graph.lists;
  const Lists& lists = row_lists.lists();
  CodeScan scan(graph, query, scratch, best);
  row_lists.Distances(graph, scan.probe(), scratch.sums, scratch.distances);
  ListOrder order(std::span(scratch.distances).first(lists.count()),
                  plan.probes, scratch.lists);
  SketchSieve sieve(*graph.sketches, query, scratch, kRoom);
  std::size_t seen = 0;
  const auto look_into_next = [&]() -> absl::Status {
    if (order.at() % kListsBetweenChecks == 0) RETURN_IF_ERROR(ctx.Check());
    const ListRef list = lists.At(order.Next(), 0);
    if (order.HasNear()) PrefetchIds(lists, order.Peek());
    for (std::size_t at = 0; at < list.rows; at += kPart) {
      const std::size_t part = std::min(list.rows - at, kPart);
      if (!sieve.HasRoomFor(part)) scan.LookAt(sieve);
      const std::size_t begin = list.begin + at;
      seen += sieve.AddPassing(begin, lists.ids.subspan(begin, part), excluded);
    }
    return absl::OkStatus();
  };
  while (order.HasNear()) RETURN_IF_ERROR(look_into_next());
  const std::size_t enough = EnoughRows(plan, best.k(), seen);
  while (order.HasMore() && seen < enough) RETURN_IF_ERROR(look_into_next());
  scan.LookAt(sieve);
  return absl::OkStatus();
}

}  // namespace elanus::index

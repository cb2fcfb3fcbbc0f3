#include "index/vector/hnsw/row_lists.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

#include "index/quantization/kmeans.h"
#include "index/quantization/near_order.h"
#include "index/quantization/packed_table.h"
#include "index/vector/hnsw/calibrate.h"
#include "index/vector/hnsw/graph.h"
#include "index/vector/parallel.h"
#include "index/vector/topk.h"

namespace elanus::index {
namespace {

// Lists for the root of the rows.
constexpr double kListsPerRoot = 2;
// Rows of the sample for each centroid; more do not move it much.
constexpr std::size_t kSamplePerList = 100;
constexpr std::size_t kRounds = 10;
// Rows a thread takes at a time.
constexpr std::size_t kGrain = 768;

// Every so many rows are sampled, so that no copy is made.
absl::StatusOr<std::vector<float>> Centroids(const base::OpContext& ctx,
                                             const HnswGraph& graph,
                                             std::size_t lists,
                                             const BuildOptions& options) {
  const std::size_t wanted = lists * kSamplePerList;
  const std::size_t every = (graph.rows + wanted - 1) / wanted;
  return KMeans(ctx, {graph.vectors.data, every * graph.vectors.stride},
                graph.rows / every, graph.dim,
                {.clusters = lists,
                 .max_rounds = kRounds,
                 .is_spherical = graph.is_cosine,
                 .seed = options.seed},
                options);
}

std::vector<float> InNearOrder(std::span<const float> centroids,
                               std::size_t dim) {
  std::vector<float> ordered;
  ordered.reserve(centroids.size());
  for (const std::uint32_t list :
       NearOrder({centroids.data(), dim}, centroids.size() / dim, dim, 1)) {
    const auto centroid = centroids.subspan(list * dim, dim);
    ordered.insert(ordered.end(), centroid.begin(), centroid.end());
  }
  return ordered;
}

// The list of each row.
absl::StatusOr<std::vector<std::uint32_t>> NearestLists(
    const base::OpContext& ctx, const HnswGraph& graph,
    std::span<const float> centroids, const BuildOptions& options) {
  const PackedTable table({centroids.data(), graph.dim},
                          centroids.size() / graph.dim, graph.dim,
                          TableScore::kL2);
  std::vector<std::uint32_t> nearest(graph.rows);
  Turns turns(0, graph.rows, kGrain);
  const auto assign = [&](std::size_t) -> absl::Status {
    while (const auto turn = turns.Next()) {
      RETURN_IF_ERROR(ctx.Check());
      table.Nearest({graph.Vector(static_cast<std::uint32_t>(turn->begin)),
                     graph.vectors.stride},
                    turn->count(), nearest.data() + turn->begin, nullptr);
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(WorkTogether(options.executor, options.max_threads, assign));
  // Chains rise: the first of equal rows decides, however sums were rounded.
  for (std::uint32_t row = 0; row < graph.rows; ++row) {
    const std::uint32_t equal = graph.NextEqual(row);
    if (equal != kNoRow) nearest[equal] = nearest[row];
  }
  return nearest;
}

}  // namespace

std::size_t RowListCount(std::size_t rows) {
  return static_cast<std::size_t>(kListsPerRoot *
                                  std::sqrt(static_cast<double>(rows)));
}

RowLists::RowLists(const HnswGraph& graph, Lists lists,
                   const std::uint8_t* centroids, const ReachSection& reach)
    : lists_(std::move(lists)),
      reach_(reach),
      centroids_{centroids, graph.codes.stride},
      numbers_(lists_.count()) {
  std::iota(numbers_.begin(), numbers_.end(), 0U);
  if (graph.code_terms == nullptr) return;
  for (std::size_t list = 0; list < lists_.count(); ++list) {
    terms_.push_back(graph.codec.Term(centroids + list * centroids_.stride));
  }
}

absl::StatusOr<std::unique_ptr<RowLists>> RowLists::Open(
    const IndexFileReader& file, const HnswGraph& graph) {
  if (!file.Has(Section::kListReach)) return nullptr;
  const std::span<const std::byte> bytes = file.Bytes(Section::kListReach);
  if (bytes.empty() || file.info().version < kOrderedVersion) return nullptr;
  ReachSection reach;
  if (bytes.size() != sizeof(reach) || graph.sketches == nullptr ||
      graph.code_errors == nullptr || !graph.order.is_given()) {
    return base::DataLoss(
        "{}: a reach of {} bytes, or rows without codes or order", file.name(),
        bytes.size());
  }
  std::memcpy(&reach, bytes.data(), sizeof(reach));
  const std::size_t count = reach.probes.back();
  if (count == 0 || count > graph.rows || !ListReach::Fits(reach, count)) {
    return base::DataLoss("{}: {} lists of {} rows, out of order", file.name(),
                          count, graph.rows);
  }
  ASSIGN_OR_RETURN(Lists lists, ListsIn(file, count));
  ASSIGN_OR_RETURN(const auto centroids,
                   file.Array<std::uint8_t>(Section::kCentroids,
                                            count * graph.codes.stride));
  return std::unique_ptr<RowLists>(
      new RowLists(graph, std::move(lists), centroids.data(), reach));
}

std::vector<std::uint32_t> RowLists::PlacesFor(const HnswGraph& graph,
                                               const float* query) const {
  ProbeRoom room;
  std::vector<std::int32_t> sums;
  std::vector<float> distances;
  Distances(graph, graph.Bind(query, room), sums, distances);
  std::vector<std::uint32_t> order = numbers_;
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
    return Neighbor{Orderly(distances[a]), a} <
           Neighbor{Orderly(distances[b]), b};
  });
  std::vector<std::uint32_t> places(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    places[order[i]] = static_cast<std::uint32_t>(i);
  }
  return places;
}

void RowLists::Distances(const HnswGraph& graph, const Probe& probe,
                         std::vector<std::int32_t>& sums,
                         std::vector<float>& distances) const {
  const std::size_t count = lists_.count();
  sums.resize(std::max(sums.size(), count));
  distances.resize(std::max(distances.size(), count));
  const ByteQuery& query = *probe.bytes;
  graph.byte_kernel(query.weights.data(), centroids_, numbers_.data(), count,
                    graph.dim, sums.data());
  for (std::size_t i = 0; i < count; ++i) {
    distances[i] = query.base + query.scale * static_cast<float>(sums[i]) +
                   (terms_.empty() ? 0.0F : terms_[i]);
  }
}

absl::StatusOr<NearRows> GroupRows(const base::OpContext& ctx,
                                   const HnswGraph& graph,
                                   const BuildOptions& options) {
  const std::size_t lists = RowListCount(graph.rows);
  ASSIGN_OR_RETURN(const std::vector<float> centroids,
                   Centroids(ctx, graph, lists, options));
  NearRows near = {.centroids = InNearOrder(centroids, graph.dim),
                   .groups = {}};
  ASSIGN_OR_RETURN(const std::vector<std::uint32_t> nearest,
                   NearestLists(ctx, graph, near.centroids, options));
  near.groups = GroupBy(nearest, lists);
  return near;
}

void PutRowLists(const HnswGraph& graph, const NearRows& near,
                 const RowListsRoom& room) {
  std::ranges::copy(near.groups.offsets, room.offsets.begin());
  for (std::size_t list = 0; list + 1 < room.offsets.size(); ++list) {
    graph.codec.Encode(near.centroids.data() + list * graph.dim,
                       room.centroids.data() + list * graph.codes.stride);
  }
}

ReachSection RowLists::Measure(const HnswGraph& graph, const RowListsRoom& room,
                               const HeldOut& held_out) {
  const std::size_t count = room.offsets.size() - 1;
  const RowLists lists(graph, MakeLists(room.offsets, {}),
                       room.centroids.data(), ReachOf({}, count));
  std::vector<std::uint32_t> list_of(graph.rows);
  for (std::size_t list = 0; list < count; ++list) {
    for (std::size_t row = room.offsets[list]; row < room.offsets[list + 1];
         ++row) {
      list_of[row] = static_cast<std::uint32_t>(list);
    }
  }
  std::vector<std::uint32_t> places;
  places.reserve(held_out.nearest.size());
  for (std::size_t q = 0; q < held_out.rows.size(); ++q) {
    const std::vector<std::uint32_t> place =
        lists.PlacesFor(graph, held_out.queries.data() + q * graph.dim);
    for (std::size_t i = 0; i < held_out.depth; ++i) {
      // There may be fewer rows that are not held out.
      const std::uint32_t row = held_out.nearest[q * held_out.depth + i];
      places.push_back(row < graph.rows ? place[list_of[row]] : 0);
    }
  }
  return ReachOf(places, count);
}

}  // namespace elanus::index

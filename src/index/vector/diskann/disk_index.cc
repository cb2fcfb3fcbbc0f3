#include "index/vector/diskann/disk_index.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "index/vector/diskann/build.h"
#include "index/vector/diskann/disk_iterator.h"
#include "index/vector/diskann/disk_params.h"
#include "index/vector/query_check.h"

namespace elanus::index {
namespace {

// Where a search says nothing: so many candidates besides k.
constexpr std::size_t kDefaultBeyondK = 54;
constexpr std::size_t kDefaultBeam = 4;
constexpr std::size_t kRangeList = 256;

// The costs below are in distances computed by codes.

// What a step of a walk costs besides them: a block, from the page cache, and
// its true distances.
constexpr double kReadCost = 60;
// Of a node's links so many lead to nodes not seen yet.
constexpr double kUnseenShare = 0.5;
// And to put its nodes into the list, for each candidate that the list has:
// half of them move.
constexpr double kMoveCost = 0.04;
// A scan ranks so many times the list by the vectors.
constexpr std::size_t kRankedPerCandidate = 2;
// And all rows that pass if they are not more than so many times the list.
constexpr std::size_t kFewPerCandidate = 4;

}  // namespace

DiskAnnIndex::DiskAnnIndex(IndexFileReader file, const DiskFile& disk)
    : file_(std::move(file)),
      codes_(file_.info().metric, disk.shape, disk.header.part_fill,
             disk.codebook, disk.codes, disk.header.code_error),
      nodes_(file_.name(), disk.layout, disk.header.nodes, disk.blocks,
             disk.header.cached_blocks),
      node_rows_(disk.node_rows.begin(), disk.node_rows.end()),
      next_equal_(disk.next_equal.begin(), disk.next_equal.end()),
      graph_{.codes = codes_,
             .nodes = nodes_,
             .kernels = KernelsOf(file_.info().metric),
             .entry = disk.header.entry,
             .node_rows = node_rows_,
             .next_equal = next_equal_},
      degree_(disk.header.degree),
      scratch_(std::size_t{disk.header.nodes},
               disk.layout.blocks(disk.header.nodes)) {}

absl::StatusOr<std::unique_ptr<DiskAnnIndex>> DiskAnnIndex::Build(
    const base::OpContext& ctx, const IndexSpec& spec,
    const VectorDataset& dataset, const BuildOptions& options) {
  ASSIGN_OR_RETURN(base::Buffer bytes,
                   BuildDiskAnn(ctx, spec, dataset, options));
  ASSIGN_OR_RETURN(IndexFileReader file,
                   IndexFileReader::Open({"diskann", std::move(bytes)}, false));
  return Open(std::move(file));
}

absl::StatusOr<std::unique_ptr<DiskAnnIndex>> DiskAnnIndex::Open(
    IndexFileReader file) {
  ASSIGN_OR_RETURN(const DiskFile disk, DiskFileIn(file));
  return std::unique_ptr<DiskAnnIndex>(new DiskAnnIndex(std::move(file), disk));
}

std::size_t DiskAnnIndex::resident_bytes() const {
  return codes_.memory_bytes() + nodes_.memory_bytes() +
         (node_rows_.size() + next_equal_.size()) * sizeof(std::uint32_t) +
         scratch_.max_bytes();
}

DiskAnnIndex::Plan DiskAnnIndex::MakePlan(std::size_t list_size,
                                          std::size_t beam_width,
                                          types::BitsetView excluded) const {
  const std::size_t rows = size();
  Plan plan{.passing = rows - std::min(rows, excluded.Count()),
            .list_size = list_size,
            .beam_width = beam_width == 0 ? kDefaultBeam : beam_width};
  if (plan.passing == 0) return plan;
  if (plan.passing <= kFewPerCandidate * list_size) {
    plan.scanned = plan.passing;
    return plan;
  }
  const double wide = static_cast<double>(list_size) *
                      static_cast<double>(rows) /
                      static_cast<double>(plan.passing);
  const double walk_cost =
      wide * (kReadCost + kUnseenShare * static_cast<double>(degree_) +
              kMoveCost * wide);
  const std::size_t ranked = kRankedPerCandidate * list_size;
  const double scan_cost = static_cast<double>(plan.passing) +
                           kReadCost * static_cast<double>(ranked);
  if (scan_cost < walk_cost) {
    plan.scanned = ranked;
  } else {
    plan.list_size = static_cast<std::size_t>(std::ceil(wide));
  }
  return plan;
}

absl::StatusOr<std::vector<Neighbor>> DiskAnnIndex::SearchOne(
    const base::OpContext& ctx, const float* query, std::size_t k,
    const Plan& plan, types::BitsetView excluded) const {
  const std::size_t wanted = std::min(k, plan.passing);
  if (wanted == 0) return std::vector<Neighbor>();
  const DiskWalk walk = {.query = query,
                         .excluded = excluded,
                         .list_size = std::min(plan.list_size, nodes_.nodes()),
                         .beam_width = plan.beam_width};
  std::unique_ptr<DiskScratch> scratch = scratch_.Take();
  scratch->reads = 0;
  TopK best(wanted);
  if (plan.scanned == 0) {
    RETURN_IF_ERROR(WalkDisk(ctx, graph_, walk, *scratch, best));
  }
  // A walk that found fewer: rows cannot be reached, or it was too narrow.
  if (best.size() < wanted) {
    best = TopK(wanted);
    RETURN_IF_ERROR(ScanDisk(
        ctx, graph_, walk, std::max(plan.scanned, 2 * wanted), *scratch, best));
  }
  reads_.fetch_add(scratch->reads, std::memory_order_relaxed);
  scratch_.Give(std::move(scratch));
  return best.TakeSorted();
}

absl::Status DiskAnnIndex::Search(const base::OpContext& ctx,
                                  const SearchQuery& query,
                                  const SearchOutput& out) const {
  RETURN_IF_ERROR(CheckSearch(query, out, dim()));
  const std::size_t given = query.params.search_list;
  RETURN_IF_ERROR(CheckSearchList(given, query.k));
  std::vector<float> storage;
  const auto bound =
      BindQueries(metric(), query.queries.floats(), dim(), storage);
  const Plan plan = MakePlan(given == 0 ? query.k + kDefaultBeyondK : given,
                             query.params.beam_width, query.excluded);
  for (std::size_t q = 0; q < query.nq; ++q) {
    RETURN_IF_ERROR(ctx.Check());
    ASSIGN_OR_RETURN(const std::vector<Neighbor> hits,
                     SearchOne(ctx, bound.data() + q * dim(), query.k, plan,
                               query.excluded));
    PutHits(hits, q, query.k, out);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Neighbor>> DiskAnnIndex::RangeSearch(
    const base::OpContext& ctx, const RangeQuery& query) const {
  RETURN_IF_ERROR(CheckDimension(query.query, dim()));
  std::vector<float> storage;
  const auto bound =
      BindQueries(metric(), query.query.floats(), dim(), storage);
  // Widen until the farthest row found lies outside the range.
  std::size_t list_size =
      query.params.search_list == 0 ? kRangeList : query.params.search_list;
  for (;; list_size *= 4) {
    const Plan plan =
        MakePlan(list_size, query.params.beam_width, query.excluded);
    // The nearer half of what is looked at is nearly whole.
    const std::size_t seen = plan.scanned == 0 ? list_size : plan.scanned;
    const std::size_t k =
        plan.scanned == plan.passing ? plan.passing : (seen + 1) / 2;
    ASSIGN_OR_RETURN(const std::vector<Neighbor> hits,
                     SearchOne(ctx, bound.data(), k, plan, query.excluded));
    const bool is_all = hits.size() >= plan.passing;
    if (auto inside = TakeRange(hits, is_all, query)) return *std::move(inside);
  }
}

absl::StatusOr<std::unique_ptr<VectorIterator>> DiskAnnIndex::Iterate(
    const IterateQuery& query) const {
  RETURN_IF_ERROR(CheckDimension(query.query, dim()));
  return std::make_unique<DiskIterator>(graph_, metric(), query);
}

absl::StatusOr<std::vector<IndexFile>> DiskAnnIndex::Save() const {
  return std::vector<IndexFile>{{"diskann", file_.bytes()}};
}

}  // namespace elanus::index

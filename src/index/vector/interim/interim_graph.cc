#include "index/vector/interim/interim_graph.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <span>
#include <string_view>
#include <utility>

#include "index/vector/dataset_rows.h"
#include "index/vector/hnsw/calibrate.h"
#include "index/vector/hnsw/exact_scan.h"
#include "index/vector/hnsw/graph_search.h"
#include "index/vector/hnsw/levels.h"
#include "index/vector/metric_kernels.h"
#include "index/vector/rounding.h"

namespace elanus::index {
namespace {

constexpr std::uint32_t kLinks = 16;
constexpr std::size_t kEfConstruction = 64;
constexpr std::uint64_t kSeed = 1;
// Rows that the codes are fitted to; of them, and of rows to be added, those
// whose error is measured.
constexpr std::size_t kFittedRows = 4096;
constexpr std::size_t kMeasuredRows = 24;
// The codes are fitted anew to rows whose error is so many times the usual.
constexpr float kUnlike = 2;
// One row of so many has to be new for that: to code all of them anew takes no
// longer then than it took to insert the new ones.
constexpr std::size_t kRefitShare = 256;
constexpr std::size_t kRowsBetweenChecks = 1024;
// Rows by which its recall is measured; fewer tell too little.
constexpr std::size_t kAskedRows = 128;
constexpr std::size_t kLeastAsked = 32;

HnswGraph Shape(types::MetricType metric, std::size_t dim) {
  HnswGraph graph = EmptyGraph(metric, dim, kLinks);
  graph.codes.stride = CodeStride(dim);
  return graph;
}

// `excluded` for exactly `rows` rows, of which those from `end` on are out.
types::BitsetView Limited(types::BitsetView excluded, std::size_t rows,
                          std::size_t end, types::Bitset& room) {
  if (end >= rows && excluded.size() <= rows) return excluded;
  if (end >= rows && rows % 64 == 0) return {excluded.words(), rows};
  room = types::Bitset(rows);
  const std::size_t from = std::min({excluded.size(), end, rows});
  for (std::size_t row = 0; row < from; ++row) {
    if (excluded.Test(row)) room.Set(row);
  }
  for (std::size_t row = end; row < rows; ++row) room.Set(row);
  return room.view();
}

}  // namespace

InterimGraph::Room::Room(const HnswGraph& shape, std::size_t capacity,
                         std::size_t upper_lists)
    : codes(capacity * shape.codes.stride),
      links(capacity * shape.links_stride * sizeof(std::uint32_t)),
      upper_links(upper_lists * shape.upper_stride * sizeof(std::uint32_t)),
      next_equal(capacity * sizeof(std::uint32_t)),
      places(capacity * sizeof(RowPlace)),
      terms(shape.stored_metric == types::MetricType::kL2
                ? capacity * sizeof(float)
                : 0),
      errors(capacity * sizeof(float)) {}

InterimGraph::InterimGraph(types::MetricType metric, std::size_t dim,
                           std::size_t capacity)
    : metric_(metric),
      capacity_(capacity),
      levels_(DrawLevels(capacity, kLinks, kSeed)),
      upper_first_(UpperFirst(levels_)),
      codec_(2 * dim),
      shape_(Shape(metric, dim)),
      room_(shape_, capacity, upper_first_.back()),
      inserter_(graph_, capacity,
                {.links = room_.links.array<std::uint32_t>(),
                 .upper_links = room_.upper_links.array<std::uint32_t>()},
                kEfConstruction),
      scratch_(capacity),
      walks_(capacity) {
  shape_.codes.data = room_.codes.array<std::uint8_t>();
  if (room_.terms.size() != 0) shape_.code_terms = room_.terms.array<float>();
  shape_.code_errors = room_.errors.array<float>();
  shape_.places = room_.places.array<RowPlace>();
  shape_.links = room_.links.array<std::uint32_t>();
  shape_.upper_links = room_.upper_links.array<std::uint32_t>();
  shape_.next_equal = room_.next_equal.array<std::uint32_t>();
  shape_.upper_first = upper_first_.data();
  shape_.levels = levels_.data();
}

absl::StatusOr<std::unique_ptr<InterimGraph>> InterimGraph::Make(
    const base::OpContext& ctx, types::MetricType metric,
    const VectorDataset& rows, const InterimGraph* before) {
  RETURN_IF_ERROR(CheckFloatMetric(metric));
  const std::size_t capacity = 2 * std::max(rows.rows(), kMinRows);
  auto graph = std::unique_ptr<InterimGraph>(
      new InterimGraph(metric, rows.dim, capacity));
  RETURN_IF_ERROR(graph->FitCodec(ctx, rows));
  if (before != nullptr) RETURN_IF_ERROR(graph->TakeOver(ctx, *before));
  return graph;
}

absl::Status InterimGraph::FitCodec(const base::OpContext& ctx,
                                    const VectorDataset& rows) {
  const std::size_t dim = shape_.dim;
  const std::vector<float> sample =
      DatasetRows(rows, metric_).Sample(kFittedRows, kSeed);
  const std::size_t count = sample.size() / dim;
  const std::span<float> middle(codec_.data(), dim);
  const std::span<float> step(codec_.data() + dim, dim);
  RETURN_IF_ERROR(
      TrainByteCodec(ctx, sample.data(), dim, count, middle, step, {}));
  shape_.codec = ByteCodec(shape_.stored_metric, middle, step);
  usual_error_ = UsualError(sample);
  fitted_rows_ = rows.rows();
  graph_ = shape_;
  return absl::OkStatus();
}

float InterimGraph::UsualError(std::span<const float> rows) const {
  const std::size_t dim = shape_.dim;
  const std::size_t count = rows.size() / dim;
  std::vector<std::uint8_t> code(dim);
  std::vector<float> errors;
  const std::size_t step = std::max<std::size_t>(1, count / kMeasuredRows);
  for (std::size_t row = 0; row < count; row += step) {
    const float* const x = rows.data() + row * dim;
    shape_.codec.Encode(x, code.data());
    errors.push_back(shape_.codec.ErrorOf(x, code.data()));
  }
  const auto middle =
      errors.begin() + static_cast<std::ptrdiff_t>(errors.size() / 2);
  std::nth_element(errors.begin(), middle, errors.end());
  return *middle;
}

absl::Status InterimGraph::TakeOver(const base::OpContext& ctx,
                                    const InterimGraph& before) {
  const HnswGraph& from = before.graph_;
  const std::size_t rows = from.rows;
  constexpr std::size_t kLink = sizeof(std::uint32_t);
  std::memcpy(room_.links.data(), from.links, rows * from.links_stride * kLink);
  std::memcpy(room_.upper_links.data(), from.upper_links,
              upper_first_[rows] * from.upper_stride * kLink);
  std::memcpy(room_.next_equal.data(), from.next_equal, rows * kLink);
  for (std::size_t row = 0; row < rows; ++row) {
    if (row % kRowsBetweenChecks == 0) RETURN_IF_ERROR(ctx.Check());
    Put(static_cast<std::uint32_t>(row), from.places[row].vector);
  }
  graph_.entry = from.entry;
  graph_.max_level = from.max_level;
  measured_rows_ = before.measured_rows_;
  SetCurve(before.curve());
  first_of_equals_ = before.first_of_equals_;
  graph_.rows = rows;
  Publish();
  return absl::OkStatus();
}

bool InterimGraph::IsOutgrownBy(std::span<const VectorBlock> rows) const {
  const DatasetRows added({.blocks = rows, .dim = shape_.dim}, metric_);
  if (added.rows() == 0) return false;
  const std::size_t count = graph_.rows + added.rows();
  if (count > capacity_) return true;
  if (count < fitted_rows_ + fitted_rows_ / kRefitShare) return false;
  return UsualError(added.Sample(kMeasuredRows, kSeed)) >
         kUnlike * usual_error_;
}

std::size_t InterimGraph::memory_bytes() const {
  const std::size_t row_bytes =
      shape_.codes.stride + shape_.links_stride * sizeof(std::uint32_t) +
      sizeof(RowPlace) + 2 * sizeof(std::uint32_t) + 2 * sizeof(float);
  return sizeof(*this) + graph_.rows * row_bytes +
         capacity_ * sizeof(SpinLock) + levels_.size() +
         upper_first_.size() * sizeof(std::uint32_t) +
         room_.upper_links.size() +
         first_of_equals_.capacity() *
             sizeof(decltype(first_of_equals_)::value_type) +
         walks_.max_bytes() + WalkScratch::BytesOf(capacity_);
}

absl::Status InterimGraph::Add(const base::OpContext& ctx, const float* vectors,
                               std::size_t count) {
  if (count >= kLeastAsked &&
      graph_.rows >= std::max(kMinRows, measured_rows_ + measured_rows_ / 2)) {
    RETURN_IF_ERROR(Measure(ctx, vectors, std::min(count, kAskedRows)));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = static_cast<std::uint32_t>(graph_.rows);
    Put(row, vectors + i * shape_.dim);
    RETURN_IF_ERROR(Insert(ctx, row));
    ++graph_.rows;
  }
  return absl::OkStatus();
}

absl::Status InterimGraph::Measure(const base::OpContext& ctx,
                                   const float* vectors, std::size_t count) {
  std::vector<float> storage;
  const std::span<const float> queries =
      BindQueries(metric_, {vectors, count * shape_.dim}, shape_.dim, storage);
  ASSIGN_OR_RETURN(const HeldOut asked,
                   FindTruthOf(ctx, graph_, {queries.begin(), queries.end()}));
  ASSIGN_OR_RETURN(const std::vector<RecallPoint> points,
                   MeasureRecall(ctx, graph_, asked, {}));
  measured_rows_ = graph_.rows;
  SetCurve(std::make_shared<const RecallCurve>(points));
  return absl::OkStatus();
}

std::shared_ptr<const RecallCurve> InterimGraph::curve() const {
  base::MutexLock lock(mutex_);
  return curve_;
}

void InterimGraph::SetCurve(std::shared_ptr<const RecallCurve> curve) {
  base::MutexLock lock(mutex_);
  curve_ = std::move(curve);
}

Effort InterimGraph::EffortFor(const SearchParams& params,
                               std::size_t k) const {
  SearchParams asked = params;
  if (asked.ef != 0) asked.ef = std::max(asked.ef, k);
  const std::shared_ptr<const RecallCurve> measured = curve();
  if (measured == nullptr) return RecallCurve().EffortFor(asked, k);
  return measured->EffortFor(asked, k);
}

// All of the row but its links.
void InterimGraph::Put(std::uint32_t row, const float* vector) {
  RowPlace& place = room_.places.array<RowPlace>()[row];
  place = {.vector = vector,
           .inverse_norm =
               shape_.is_cosine ? InverseNorm(vector, shape_.dim) : 1.0F};
  const float* const bound = shape_.BoundVector(row, scratch_.bound);
  std::uint8_t* const code =
      room_.codes.array<std::uint8_t>() + row * shape_.codes.stride;
  shape_.codec.Encode(bound, code);
  if (shape_.code_terms != nullptr) {
    room_.terms.array<float>()[row] = shape_.codec.Term(code);
  }
  room_.errors.array<float>()[row] = shape_.codec.ErrorOf(bound, code);
  graph_.longest_code = std::max(
      graph_.longest_code, RoundUp(ByteCodec::LengthOf({code, shape_.dim})));
}

absl::Status InterimGraph::Insert(const base::OpContext& ctx,
                                  std::uint32_t row) {
  ClearLinks(row);
  if (HangBehindEqual(row)) return absl::OkStatus();
  const std::uint32_t level = levels_[row];
  if (graph_.entry != kNoRow) {
    RETURN_IF_ERROR(inserter_.Find(ctx, row, scratch_));
    inserter_.Link(row, scratch_);
    if (level <= graph_.max_level) return absl::OkStatus();
  }
  graph_.entry = row;
  graph_.max_level = level;
  return absl::OkStatus();
}

void InterimGraph::ClearLinks(std::uint32_t row) {
  for (std::uint32_t level = 0; level <= levels_[row]; ++level) {
    auto* const links =
        (level == 0 ? room_.links : room_.upper_links).array<std::uint32_t>() +
        shape_.LinksAt(row, level);
    for (std::size_t i = 0; i < shape_.capacity(level); ++i) {
      StoreLink(links + i, kNoRow);
    }
  }
  room_.next_equal.array<std::uint32_t>()[row] = kNoRow;
}

// False if no row equals it that is known by its hash.
bool InterimGraph::HangBehindEqual(std::uint32_t row) {
  const auto bytes_of = [this](std::uint32_t of) {
    return std::string_view(
        reinterpret_cast<const char*>(shape_.places[of].vector),
        shape_.dim * sizeof(float));
  };
  const std::string_view bytes = bytes_of(row);
  const auto [it, is_first] =
      first_of_equals_.try_emplace(std::hash<std::string_view>()(bytes), row);
  if (is_first || it->second == row || bytes_of(it->second) != bytes) {
    return false;
  }
  // Searches that see the row behind the first one see all that is set here.
  auto* const next_equal = room_.next_equal.array<std::uint32_t>();
  next_equal[row] = next_equal[it->second];
  __atomic_store_n(next_equal + it->second, row, __ATOMIC_RELEASE);
  return true;
}

void InterimGraph::Publish() {
  longest_code_.store(graph_.longest_code, std::memory_order_relaxed);
  size_.store(graph_.rows, std::memory_order_release);
  top_.store(std::uint64_t{graph_.max_level} << 32 | graph_.entry,
             std::memory_order_release);
}

HnswGraph InterimGraph::Snapshot() const {
  HnswGraph now = shape_;
  const std::uint64_t top = top_.load(std::memory_order_acquire);
  now.entry = static_cast<std::uint32_t>(top);
  now.max_level = static_cast<std::uint32_t>(top >> 32);
  now.rows = size_.load(std::memory_order_acquire);
  now.longest_code = longest_code_.load(std::memory_order_relaxed);
  return now;
}

absl::StatusOr<std::vector<Neighbor>> InterimGraph::Search(
    const base::OpContext& ctx, const HnswGraph& snapshot, std::size_t ef,
    const InterimQuery& query) const {
  std::vector<Neighbor> hits;
  types::Bitset room;
  const types::BitsetView excluded =
      Limited(query.excluded, snapshot.rows, query.end, room);
  const std::size_t passing = snapshot.rows - excluded.Count();
  if (passing == 0) return hits;
  GraphPlan plan =
      PlanSearch(snapshot, std::min(ef, snapshot.rows), query.k, passing);
  // The codes may have been fitted to other rows.
  plan.rank.exact = std::max(plan.rank.exact, plan.ef);
  plan.rank.limit = query.limit;
  std::unique_ptr<WalkScratch> scratch = walks_.Take();
  ASSIGN_OR_RETURN(
      const bool is_enough,
      WalkForHits(ctx, snapshot, query.query, plan, excluded, *scratch, hits));
  if (is_enough) {
    hits.resize(std::min(hits.size(), query.k));
  } else {
    TopK best(query.k, query.limit);
    RETURN_IF_ERROR(ExactScan(ctx, snapshot, query.query,
                              {.excluded = excluded, .count = passing},
                              *scratch, best));
    hits = best.TakeSorted();
  }
  walks_.Give(std::move(scratch));
  return hits;
}

}  // namespace elanus::index

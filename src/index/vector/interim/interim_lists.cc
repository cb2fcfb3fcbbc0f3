#include "index/vector/interim/interim_lists.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "index/quantization/kmeans.h"
#include "index/vector/dataset_rows.h"
#include "index/vector/metric_kernels.h"

namespace elanus::index {
namespace {

// Below, one list: a scan of the codes takes no longer than a look at many
// lists.
constexpr std::size_t kRowsForLists = 4096;
constexpr std::size_t kFewLists = 64;
constexpr std::size_t kRowsForManyLists = 32768;
constexpr std::size_t kManyLists = 128;
constexpr std::size_t kSamplePerList = 64;
constexpr std::size_t kTrainingRounds = 6;
// Lists looked into, by the root of their number: finds about 95 % of the ten
// nearest rows among embeddings of sentences.
constexpr double kProbes = 1.5;
// Rows looked at for each hit asked for, at least.
constexpr std::size_t kRowsPerHit = 64;
// Rows whose lists are found together.
constexpr std::size_t kTileRows = 64;

}  // namespace

std::size_t InterimLists::ListsFor(std::size_t rows) {
  if (rows < kRowsForLists) return 1;
  return rows < kRowsForManyLists ? kFewLists : kManyLists;
}

InterimLists::InterimLists(types::MetricType metric, std::size_t dim,
                           std::size_t begin)
    : metric_(metric),
      dim_(dim),
      begin_(begin),
      with_codes_(simd::CodeScan() != nullptr),
      end_(begin) {}

absl::StatusOr<std::unique_ptr<InterimLists>> InterimLists::Train(
    const base::OpContext& ctx, types::MetricType metric,
    const VectorDataset& rows, std::size_t begin) {
  RETURN_IF_ERROR(CheckFloatMetric(metric));
  const std::size_t dim = rows.dim;
  auto index =
      std::unique_ptr<InterimLists>(new InterimLists(metric, dim, begin));
  const std::size_t lists = ListsFor(rows.rows());
  const bool is_l2 = metric == types::MetricType::kL2;
  for (std::size_t i = 0; i < lists; ++i) {
    index->lists_.emplace_back(dim, is_l2, index->with_codes_);
  }
  if (lists == 1) return index;
  const std::vector<float> sample =
      DatasetRows(rows, metric).Sample(lists * kSamplePerList, /*seed=*/1);
  ASSIGN_OR_RETURN(
      const std::vector<float> centroids,
      KMeans(ctx, {sample.data(), dim}, sample.size() / dim, dim,
             {.clusters = lists,
              .max_rounds = kTrainingRounds,
              .is_spherical = metric == types::MetricType::kCosine},
             {}));
  const simd::RowTable table = {centroids.data(), dim};
  index->nearest_ = PackedTable(table, lists, dim, TableScore::kL2);
  index->probes_ = PackedTable(table, lists, dim,
                               is_l2 ? TableScore::kL2 : TableScore::kNegDot);
  return index;
}

void InterimLists::Add(const float* vectors, std::size_t count) {
  const bool is_cosine = metric_ == types::MetricType::kCosine;
  const std::size_t first = end_.load(std::memory_order_relaxed);
  std::vector<std::uint32_t> nearest(kTileRows);
  std::vector<float> unit(is_cosine ? kTileRows * dim_ : 0);
  for (std::size_t begin = 0; begin < count; begin += kTileRows) {
    const std::size_t tile = std::min(kTileRows, count - begin);
    const float* from = vectors + begin * dim_;
    if (lists_.size() > 1) {
      for (std::size_t i = 0; is_cosine && i < tile; ++i) {
        Normalise(from + i * dim_, unit.data() + i * dim_, dim_);
      }
      nearest_.Nearest({is_cosine ? unit.data() : from, dim_}, tile,
                       nearest.data(), nullptr);
    }
    for (std::size_t i = 0; i < tile; ++i) {
      const float* vector = from + i * dim_;
      lists_[nearest[i]].Add(
          {.vector = vector,
           .inverse_norm = is_cosine ? InverseNorm(vector, dim_) : 1.0F,
           .row = static_cast<std::uint32_t>(first + begin + i)});
    }
  }
  end_.store(first + count, std::memory_order_release);
}

std::size_t InterimLists::memory_bytes() const {
  std::size_t bytes =
      sizeof(*this) + nearest_.memory_bytes() + probes_.memory_bytes();
  for (const RowList& list : lists_) bytes += list.memory_bytes();
  return bytes;
}

// The root of the lists: more of them are cut finer. As in the IVF indexes more
// are looked into where few rows are in, whose nearest lie farther out.
std::size_t InterimLists::ProbesFor(const InterimQuery& query) const {
  if (query.passing == 0) return lists_.size();
  const auto lists = static_cast<double>(lists_.size());
  const double share = static_cast<double>(query.passing) /
                       static_cast<double>(query.end - query.begin);
  const double for_hits = lists * static_cast<double>(query.k * kRowsPerHit) /
                          static_cast<double>(query.passing);
  const double probes = std::max(kProbes * std::sqrt(lists / share), for_hits);
  return static_cast<std::size_t>(std::min(std::ceil(probes), lists));
}

absl::Status InterimLists::Search(const base::OpContext& ctx,
                                  const InterimQuery& query, bool is_exact,
                                  TopK& best) const {
  RETURN_IF_ERROR(ctx.Check());
  ListScan scan(
      query.query, dim_, metric_,
      {.begin = query.begin, .end = query.end, .excluded = query.excluded},
      with_codes_);
  if (lists_.size() == 1) {
    scan.Scan(lists_.front(), best);
    return absl::OkStatus();
  }
  std::vector<float> scores(probes_.width());
  probes_.Scores({query.query, dim_}, 1, scores.data());
  // Products of huge values are no numbers, which no order can hold.
  std::transform(scores.begin(), scores.end(), scores.begin(), Orderly);
  std::vector<std::uint32_t> order(lists_.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto is_nearer = [&scores](std::uint32_t a, std::uint32_t b) {
    return scores[a] != scores[b] ? scores[a] < scores[b] : a < b;
  };
  std::sort(order.begin(), order.end(), is_nearer);
  const std::size_t probes = is_exact ? order.size() : ProbesFor(query);
  for (std::size_t i = 0; i < order.size(); ++i) {
    // Beyond the usual only if hits are missing.
    if (i >= probes && best.is_full()) break;
    scan.Scan(lists_[order[i]], best);
    RETURN_IF_ERROR(ctx.Check());
  }
  return absl::OkStatus();
}

}  // namespace elanus::index

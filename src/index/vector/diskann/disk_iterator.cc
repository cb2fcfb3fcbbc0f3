#include "index/vector/diskann/disk_iterator.h"

#include <algorithm>
#include <limits>
#include <span>

#include "index/vector/metric_kernels.h"
#include "index/vector/topk.h"

namespace elanus::index {
namespace {

constexpr std::size_t kMinAhead = 128;
// Nodes read at a time.
constexpr std::size_t kReadBatch = 64;

bool IsFarther(const Neighbor& a, const Neighbor& b) { return b < a; }

}  // namespace

DiskIterator::DiskIterator(const DiskGraph& graph, types::MetricType metric,
                           const IterateQuery& query)
    : graph_(graph),
      query_(
          BoundCopy(metric, query.query.floats(), query.query.floats().size())),
      excluded_(query.excluded),
      ahead_(std::max(kMinAhead, query.params.search_list)) {}

absl::Status DiskIterator::Start(const base::OpContext& ctx) {
  estimates_.clear();
  RETURN_IF_ERROR(EstimateAll(
      ctx, graph_, {.query = query_.data(), .excluded = excluded_.view()},
      scratch_, [this](Neighbor found) { estimates_.push_back(found); }));
  std::make_heap(estimates_.begin(), estimates_.end(), IsFarther);
  is_started_ = true;
  return absl::OkStatus();
}

absl::Status DiskIterator::ReadMore(const base::OpContext& ctx) {
  std::vector<std::uint32_t> places;
  while (places.size() < kReadBatch && !estimates_.empty()) {
    std::pop_heap(estimates_.begin(), estimates_.end(), IsFarther);
    places.push_back(estimates_.back().row);
    estimates_.pop_back();
  }
  std::sort(places.begin(), places.end());
  TopK all(std::numeric_limits<std::size_t>::max());
  RETURN_IF_ERROR(RankDisk(
      ctx, graph_, {.query = query_.data(), .excluded = excluded_.view()},
      places, scratch_, all));
  for (const Neighbor& hit : all.TakeSorted()) {
    read_.push_back(hit);
    std::push_heap(read_.begin(), read_.end(), IsFarther);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Neighbor>> DiskIterator::Next(
    const base::OpContext& ctx, std::size_t count) {
  if (!is_started_) RETURN_IF_ERROR(Start(ctx));
  std::vector<Neighbor> batch;
  while (batch.size() < count) {
    while (read_.size() <= ahead_ && !estimates_.empty()) {
      RETURN_IF_ERROR(ReadMore(ctx));
    }
    if (read_.empty()) break;
    std::pop_heap(read_.begin(), read_.end(), IsFarther);
    batch.push_back(read_.back());
    read_.pop_back();
  }
  return batch;
}

}  // namespace elanus::index

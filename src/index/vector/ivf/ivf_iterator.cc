#include "index/vector/ivf/ivf_iterator.h"

#include <algorithm>

#include "index/vector/metric_kernels.h"
#include "index/vector/topk.h"

namespace elanus::index {
IvfIterator::IvfIterator(const IvfIndex& index, const IterateQuery& query)
    : index_(index),
      floats_(BoundCopy(index.metric(), query.query.floats(), index.dim())),
      bits_(query.query.bits().begin(), query.query.bits().end()),
      query_({.floats = floats_.data(),
              .bits = reinterpret_cast<const std::uint8_t*>(bits_.data())}),
      excluded_(query.excluded),
      ahead_(index.ProbesOf(query.params)),
      walk_(index.lists_, *index.centroids_, excluded_.view()),
      rows_(index.BindFinest(query_, query.params)) {
  walk_.Start(query_, ahead_);
}

absl::StatusOr<std::vector<Neighbor>> IvfIterator::Next(
    const base::OpContext& ctx, std::size_t count) {
  const auto is_farther = [](const Found& a, const Found& b) {
    return b.hit < a.hit;
  };
  while (ready_.size() < count) {
    if (heap_.empty() || walk_.steps() < farthest_step_ + ahead_) {
      RETURN_IF_ERROR(ctx.Check());
      if (const std::optional<ListRef> list = walk_.Next()) {
        walk_.Visit(*list, *rows_, kNoDistance,
                    [&](float distance, std::uint32_t position) {
                      heap_.push_back({{index_.Answered(distance),
                                        index_.lists_.ids[position]},
                                       walk_.steps()});
                      std::push_heap(heap_.begin(), heap_.end(), is_farther);
                    });
        continue;
      }
      if (heap_.empty()) break;
    }
    std::pop_heap(heap_.begin(), heap_.end(), is_farther);
    ready_.push_back(heap_.back().hit);
    farthest_step_ = std::max(farthest_step_, heap_.back().step);
    heap_.pop_back();
  }
  const auto end = ready_.begin() +
                   static_cast<std::ptrdiff_t>(std::min(count, ready_.size()));
  const std::vector<Neighbor> batch(ready_.begin(), end);
  ready_.erase(ready_.begin(), end);
  return batch;
}

}  // namespace elanus::index

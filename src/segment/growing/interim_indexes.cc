#include "segment/growing/interim_indexes.h"

#include <algorithm>
#include <utility>

#include "index/vector/metric_kernels.h"
#include "segment/segment.h"
#include "segment/vector_blocks.h"

namespace elanus::segment {

std::shared_ptr<const index::InterimIndex> InterimIndexes::Find(
    base::FieldId field, types::MetricType metric) const {
  base::MutexLock lock(mutex_);
  const auto it = std::ranges::find(entries_, field, &Entry::field);
  if (it == entries_.end() || it->index == nullptr ||
      it->index->metric() != metric) {
    return nullptr;
  }
  return it->index;
}

bool InterimIndexes::Claim(const types::FieldSchema& field,
                           types::MetricType metric) {
  if (field.type != types::DataType::kFloatVector ||
      !index::CheckFloatMetric(metric).ok()) {
    return false;
  }
  const std::size_t rows = segment_.rows();
  if (rows < kStepRows) return false;
  base::MutexLock lock(mutex_);
  auto it = std::ranges::find(entries_, field.id, &Entry::field);
  if (it == entries_.end()) {
    it = entries_.insert(it, Entry{.field = field.id});
  }
  const bool is_usable = it->index != nullptr && it->index->metric() == metric;
  const std::size_t covered = is_usable ? it->index->size() : 0;
  if (it->is_claimed || rows - covered < kStepRows) return false;
  it->is_claimed = true;
  return true;
}

absl::Status InterimIndexes::Extend(const types::FieldSchema& field,
                                    types::MetricType metric) {
  std::shared_ptr<index::InterimIndex> index;
  {
    base::MutexLock lock(mutex_);
    index = std::ranges::find(entries_, field.id, &Entry::field)->index;
  }
  auto extended = UpToDate(field, metric, std::move(index));
  base::MutexLock lock(mutex_);
  const auto it = std::ranges::find(entries_, field.id, &Entry::field);
  it->is_claimed = false;
  RETURN_IF_ERROR(extended.status());
  it->index = *std::move(extended);
  it->held =
      budget_.Charge(static_cast<std::int64_t>(it->index->memory_bytes()));
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<index::InterimIndex>> InterimIndexes::UpToDate(
    const types::FieldSchema& field, types::MetricType metric,
    std::shared_ptr<index::InterimIndex> index) const {
  const std::size_t rows = segment_.rows();
  if (index == nullptr || index->metric() != metric ||
      index->lists() < index::InterimIndex::ListsFor(rows)) {
    ASSIGN_OR_RETURN(const std::vector<index::VectorBlock> blocks,
                     VectorBlocks(segment_, field, rows));
    ASSIGN_OR_RETURN(index, index::InterimIndex::Train(
                                base::OpContext(), metric,
                                {.blocks = blocks,
                                 .dim = static_cast<std::size_t>(field.dim)}));
  }
  ASSIGN_OR_RETURN(const std::vector<index::VectorBlock> blocks,
                   VectorBlocks(segment_, field, index->size(), rows));
  for (const index::VectorBlock& block : blocks) {
    index->Add(block.floats(), block.rows);
  }
  return index;
}

}  // namespace elanus::segment

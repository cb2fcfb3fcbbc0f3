#include "segment/tail/tombstone_log.h"

#include <algorithm>
#include <utility>

namespace elanus::segment {

TombstoneBatch::TombstoneBatch(const TombstoneRun& run,
                               base::MemoryBudget& budget)
    : run_(run) {
  const types::ColumnView& keys = run.keys;
  std::span<const std::byte> values = keys.values;
  if (keys.type == types::DataType::kVarChar) {
    const std::uint32_t first = keys.offsets.front();
    values = values.subspan(first, keys.offsets.back() - first);
    offsets_.reserve(keys.offsets.size());
    for (const std::uint32_t offset : keys.offsets) {
      offsets_.push_back(offset - first);
    }
  }
  values_.assign(values.begin(), values.end());
  run_.keys.values = values_;
  run_.keys.offsets = offsets_;
  held_ = budget.Charge(
      static_cast<std::int64_t>(sizeof(*this) + values_.size() +
                                offsets_.size() * sizeof(std::uint32_t)));
}

TombstonePin& TombstonePin::operator=(TombstonePin&& other) noexcept {
  if (this != &other) {
    Release();
    log_ = std::move(other.log_);
    since_ = other.since_;
  }
  return *this;
}

void TombstonePin::Release() {
  if (log_ != nullptr) log_->Unpin(since_);
  log_ = nullptr;
}

void TombstoneLog::Append(const TombstoneRun& run) {
  auto batch = std::make_shared<const TombstoneBatch>(run, budget_);
  base::MutexLock lock(mutex_);
  rows_ += batch->rows();
  batches_.push_back(std::move(batch));
}

base::Timestamp TombstoneLog::since() const {
  base::MutexLock lock(mutex_);
  return since_;
}

TombstonePin TombstoneLog::Pin() {
  base::MutexLock lock(mutex_);
  pins_.insert(since_);
  return TombstonePin(shared_from_this(), since_);
}

void TombstoneLog::Unpin(base::Timestamp since) {
  base::MutexLock lock(mutex_);
  pins_.erase(pins_.find(since));
  TrimLocked();
}

absl::StatusOr<TombstoneBatches> TombstoneLog::Between(
    base::Timestamp after, base::Timestamp upto) const {
  base::MutexLock lock(mutex_);
  if (after < since_) {
    return base::Error(base::ErrorCode::kServiceInternal,
                       "tombstones after {} are wanted, those up to {} have "
                       "left memory",
                       after.value, since_.value);
  }
  const auto at_of = [](const auto& batch) { return batch->run().at; };
  const auto first = std::ranges::upper_bound(batches_, after, {}, at_of);
  const auto past = std::ranges::upper_bound(batches_, upto, {}, at_of);
  return first < past ? TombstoneBatches(first, past) : TombstoneBatches();
}

void TombstoneLog::Trim(base::Timestamp upto) {
  base::MutexLock lock(mutex_);
  trim_upto_ = std::max(trim_upto_, upto);
  TrimLocked();
}

void TombstoneLog::TrimLocked() {
  const base::Timestamp upto =
      pins_.empty() ? trim_upto_ : std::min(trim_upto_, *pins_.begin());
  if (upto <= since_) return;
  since_ = upto;
  while (!batches_.empty() && batches_.front()->run().at <= upto) {
    rows_ -= batches_.front()->rows();
    batches_.pop_front();
  }
}

std::size_t TombstoneLog::rows() const {
  base::MutexLock lock(mutex_);
  return rows_;
}

}  // namespace elanus::segment

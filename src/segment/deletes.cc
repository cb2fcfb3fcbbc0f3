#include "segment/deletes.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace elanus::segment {

bool DeleteLog::Mark(RowOffset row, base::Timestamp at) {
  if (!published_) {
    const auto [it, is_new] = loading_.try_emplace(row, at.value);
    if (is_new) return true;
    if (at.value >= it->second) return false;
    it->second = at.value;
    return true;
  }
  // What is marked was marked at last_at_ or before.
  if (at.value >= last_at_.load(std::memory_order_relaxed) &&
      IsBitSet(row, std::memory_order_relaxed)) {
    return false;
  }
  Append(row, at.value);
  return true;
}

void DeleteLog::Publish() {
  if (published_) return;
  std::vector<std::pair<std::uint64_t, RowOffset>> marks;
  marks.reserve(loading_.size());
  for (const auto& [row, at] : loading_) marks.emplace_back(at, row);
  std::sort(marks.begin(), marks.end());
  loading_ = {};
  published_ = true;
  for (const auto& [at, row] : marks) Append(row, at);
}

bool DeleteLog::IsMarked(RowOffset row) const {
  return published_ ? IsBitSet(row, std::memory_order_relaxed)
                    : loading_.contains(row);
}

bool DeleteLog::IsBitSet(RowOffset row, std::memory_order order) const {
  const std::size_t word = row / 64;
  return word < bits_.capacity() &&
         ((bits_[word].load(order) >> (row % 64)) & 1) != 0;
}

void DeleteLog::Append(RowOffset row, std::uint64_t at) {
  const std::size_t count = entry_count_.load(std::memory_order_relaxed);
  entries_.GrowTo(count + 1);
  entries_[count] = {.row = row, .at = at};
  const std::uint64_t last_at = last_at_.load(std::memory_order_relaxed);
  if (at < last_at) is_ordered_.store(false, std::memory_order_relaxed);
  last_at_.store(std::max(last_at, at), std::memory_order_relaxed);
  if (at < first_at_.load(std::memory_order_relaxed)) {
    first_at_.store(at, std::memory_order_relaxed);
  }
  entry_count_.store(count + 1, std::memory_order_release);
  const std::size_t word = row / 64;
  bits_.GrowTo(word + 1);
  const std::uint64_t bit = std::uint64_t{1} << (row % 64);
  const std::uint64_t before =
      bits_[word].fetch_or(bit, std::memory_order_release);
  if ((before & bit) == 0) {
    rows_deleted_.fetch_add(1, std::memory_order_relaxed);
  }
}

void DeleteLog::CopyBits(types::Bitset* deleted) const {
  const std::span<std::uint64_t> words = deleted->words();
  const std::size_t count = std::min(words.size(), bits_.capacity());
  for (std::size_t i = 0; i < count; ++i) {
    words[i] = bits_[i].load(std::memory_order_acquire);
  }
  if (deleted->size() % 64 != 0 && !words.empty()) {
    words.back() &= (std::uint64_t{1} << (deleted->size() % 64)) - 1;
  }
}

types::Bitset DeleteLog::DeletedAt(base::Timestamp read_ts,
                                   std::size_t rows) const {
  if (entry_count_.load(std::memory_order_acquire) == 0 ||
      first_at_.load(std::memory_order_relaxed) > read_ts.value) {
    return {};
  }
  types::Bitset deleted(rows);
  CopyBits(&deleted);
  if (last_at_.load(std::memory_order_relaxed) <= read_ts.value) return deleted;
  std::size_t count = entry_count_.load(std::memory_order_acquire);
  if (is_ordered_.load(std::memory_order_relaxed)) {
    // Takes back what happened after read_ts.
    while (count > 0 && entries_[count - 1].at > read_ts.value) {
      --count;
      if (entries_[count].row < rows) deleted.Clear(entries_[count].row);
    }
    return deleted;
  }
  deleted = types::Bitset(rows);
  for (std::size_t i = 0; i < count; ++i) {
    const Entry& entry = entries_[i];
    if (entry.at <= read_ts.value && entry.row < rows) deleted.Set(entry.row);
  }
  return deleted;
}

bool DeleteLog::IsDeletedAt(RowOffset row, base::Timestamp read_ts) const {
  if (!IsBitSet(row, std::memory_order_acquire)) return false;
  if (last_at_.load(std::memory_order_relaxed) <= read_ts.value) return true;
  std::size_t count = entry_count_.load(std::memory_order_acquire);
  if (is_ordered_.load(std::memory_order_relaxed)) {
    for (; count > 0 && entries_[count - 1].at > read_ts.value; --count) {
      if (entries_[count - 1].row == row) return false;
    }
    return true;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Entry& entry = entries_[i];
    if (entry.row == row && entry.at <= read_ts.value) return true;
  }
  return false;
}

std::vector<DeleteLog::MarkedRow> DeleteLog::Marked() const {
  absl::flat_hash_map<RowOffset, std::uint64_t> earliest;
  const std::size_t count = entry_count_.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < count; ++i) {
    const Entry& entry = entries_[i];
    const auto [it, is_new] = earliest.try_emplace(entry.row, entry.at);
    if (!is_new) it->second = std::min(it->second, entry.at);
  }
  std::vector<MarkedRow> marked;
  marked.reserve(earliest.size());
  for (const auto& [row, at] : earliest)
    marked.push_back({.row = row, .at = {at}});
  return marked;
}

std::size_t DeleteLog::memory_bytes() const {
  return entries_.capacity() * sizeof(Entry) + bits_.capacity() * 8 +
         loading_.capacity() * 16;
}

}  // namespace elanus::segment

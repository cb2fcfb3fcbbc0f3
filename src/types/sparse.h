// Sparse vectors as a column holds them (types/column.h): each row its entries,
// indexes rising.
//
//   for (const SparseEntry& entry : rows.Row(r)) sum += entry.value;
//
// Threads:   any.
// Ownership: a view; entries and offsets are borrowed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace elanus::types {

struct SparseEntry {
  std::uint32_t index = 0;
  float value = 0;

  friend bool operator==(const SparseEntry&, const SparseEntry&) = default;
};
static_assert(sizeof(SparseEntry) == 8);

class SparseRows {
 public:
  SparseRows() = default;
  // `offsets`: rows + 1 rising numbers of bytes from `entries`, multiples of 8.
  SparseRows(const SparseEntry* entries, std::span<const std::uint32_t> offsets)
      : entries_(entries), offsets_(offsets) {}

  std::size_t size() const {
    return offsets_.empty() ? 0 : offsets_.size() - 1;
  }
  std::span<const SparseEntry> Row(std::size_t row) const {
    const SparseEntry* begin = entries_ + offsets_[row] / sizeof(SparseEntry);
    return {begin, (offsets_[row + 1] - offsets_[row]) / sizeof(SparseEntry)};
  }
  SparseRows Slice(std::size_t first, std::size_t count) const {
    return {entries_, offsets_.subspan(first, count + 1)};
  }

 private:
  const SparseEntry* entries_ = nullptr;
  std::span<const std::uint32_t> offsets_;
};

}  // namespace elanus::types

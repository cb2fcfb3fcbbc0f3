#include "expr/eval/int_set.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace elanus::expr {
namespace {

// A bitmap may take this many bits for each value: at 64 it is as large as
// the table would be at its lowest load, and always faster.
constexpr std::uint64_t kBitsPerValueMax = 256;
// Small enough for the L1 cache: worth it whatever the number of values.
constexpr std::uint64_t kSmallBitmapBits = 64 * 1024;
// Lets 3 of 100 strangers through; 1,000 values take 4 KiB.
constexpr std::size_t kFilterBitsPerValue = 32;

}  // namespace

IntSet::IntSet(std::vector<std::int64_t> values) : values_(std::move(values)) {
  std::sort(values_.begin(), values_.end());
  values_.erase(std::unique(values_.begin(), values_.end()), values_.end());
  values_.shrink_to_fit();
  if (values_.empty()) return;
  lowest_ = values_.front();
  span_ = Distance(values_.back());
  is_bitmap_ =
      span_ < kSmallBitmapBits || span_ / kBitsPerValueMax < values_.size();
  if (is_bitmap_) {
    BuildBitmap();
  } else {
    BuildTable();
  }
}

void IntSet::BuildBitmap() {
  // One bit more than the span: see BitmapWord.
  words_.assign(static_cast<std::size_t>((span_ + 1) / 64) + 1, 0);
  for (const std::int64_t value : values_) {
    const std::uint64_t distance = Distance(value);
    words_[distance / 64] |= std::uint64_t{1} << (distance % 64);
  }
}

void IntSet::BuildTable() {
  const std::size_t capacity = std::bit_ceil(values_.size() * 2);
  shift_ = 64 - std::countr_zero(capacity);
  // A wide span has room: some value next to the lowest one is free.
  vacant_ = lowest_;
  for (const std::int64_t value : values_) {
    if (value != vacant_) break;
    ++vacant_;
  }
  slots_.assign(capacity, vacant_);
  const std::size_t bits = std::bit_ceil(values_.size() * kFilterBitsPerValue);
  filter_shift_ = 64 - std::countr_zero(bits);
  words_.assign(bits / 64 + 1, 0);
  for (const std::int64_t value : values_) {
    const std::uint64_t bit = Hash(value) >> filter_shift_;
    words_[bit / 64] |= std::uint64_t{1} << (bit % 64);
    std::size_t slot = Slot(value);
    while (slots_[slot] != vacant_) slot = (slot + 1) & (capacity - 1);
    slots_[slot] = value;
  }
}

}  // namespace elanus::expr

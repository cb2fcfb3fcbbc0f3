// A fixed set of int64, made for testing millions of values: a bitmap where
// the values lie close together, else open addressing at a load of 1/4 to 1/2
// with multiplicative hashing (Knuth, TAOCP vol. 3, 6.4). Before the table
// stands a bit filter of one probe (Bloom, CACM 13(7), 1970, with one hash
// function): most values are not in the set, and are sorted out without a
// branch.
//
// Threads: immutable.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace elanus::expr {

class IntSet {
 public:
  IntSet() = default;
  // Any order, repetitions allowed.
  explicit IntSet(std::vector<std::int64_t> values);

  bool Contains(std::int64_t value) const {
    const std::uint64_t distance = Distance(value);
    if (distance > span_) return false;
    return is_bitmap_ ? TestBit(distance) : Probe(value);
  }

  // One bit a value: is it in the set? Writes (size + 63) / 64 words, the
  // rest of the last one zero.
  template <typename T>
  void MaskOf(std::span<const T> values, std::uint64_t* words) const {
    for (std::size_t first = 0; first < values.size(); first += 64) {
      const auto some = values.subspan(
          first, std::min<std::size_t>(64, values.size() - first));
      words[first / 64] = is_bitmap_ ? BitmapWord(some) : TableWord(some);
    }
  }

  // Rising, each once.
  std::span<const std::int64_t> values() const { return values_; }
  bool empty() const { return values_.empty(); }

 private:
  std::uint64_t Distance(std::int64_t value) const {
    return static_cast<std::uint64_t>(value) -
           static_cast<std::uint64_t>(lowest_);
  }
  bool TestBit(std::uint64_t distance) const {
    return ((words_[distance / 64] >> (distance % 64)) & 1) != 0;
  }
  bool Probe(std::int64_t value) const {
    std::size_t slot = Slot(value);
    while (slots_[slot] != vacant_) {
      if (slots_[slot] == value) return true;
      slot = (slot + 1) & (slots_.size() - 1);
    }
    return false;
  }
  std::size_t Slot(std::int64_t value) const {
    return static_cast<std::size_t>(Hash(value) >> shift_);
  }
  // The upper bits count.
  static std::uint64_t Hash(std::int64_t value) {
    return static_cast<std::uint64_t>(value) * 0x9E3779B97F4A7C15U;
  }
  // Values beyond the span read the one bit behind it, which is zero.
  template <typename T>
  std::uint64_t BitmapWord(std::span<const T> values) const {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::uint64_t distance =
          std::min(Distance(static_cast<std::int64_t>(values[i])), span_ + 1);
      word |= ((words_[distance / 64] >> (distance % 64)) & 1) << i;
    }
    return word;
  }
  template <typename T>
  std::uint64_t TableWord(std::span<const T> values) const {
    std::uint64_t maybe = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::uint64_t bit =
          Hash(static_cast<std::int64_t>(values[i])) >> filter_shift_;
      maybe |= ((words_[bit / 64] >> (bit % 64)) & 1) << i;
    }
    std::uint64_t word = 0;
    for (; maybe != 0; maybe &= maybe - 1) {
      const int i = std::countr_zero(maybe);
      const T value = values[static_cast<std::size_t>(i)];
      word |=
          static_cast<std::uint64_t>(Probe(static_cast<std::int64_t>(value)))
          << i;
    }
    return word;
  }
  void BuildBitmap();
  void BuildTable();

  std::vector<std::int64_t> values_;
  std::int64_t lowest_ = 0;
  std::uint64_t span_ = 0;  // highest - lowest
  bool is_bitmap_ = true;
  std::vector<std::uint64_t> words_ = {0};  // bitmap, or filter of the table
  std::vector<std::int64_t> slots_;
  std::int64_t vacant_ = 0;  // outside the set
  int shift_ = 0;
  int filter_shift_ = 0;
};

}  // namespace elanus::expr

// A fixed set of int64, made for testing millions of values: a bitmap where
// the values lie close together, else open addressing at a load of 1/4 to 1/2
// with multiplicative hashing (Knuth, TAOCP vol. 3, 6.4).
//
// Threads: immutable.
#pragma once

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

  // Bit i of *mask becomes "values[i] is in the set", i < values.size() <= 64.
  template <typename T>
  std::uint64_t MaskOf(std::span<const T> values) const {
    std::uint64_t mask = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      mask |= static_cast<std::uint64_t>(
                  Contains(static_cast<std::int64_t>(values[i])))
              << i;
    }
    return mask;
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
    return static_cast<std::size_t>(
        (static_cast<std::uint64_t>(value) * 0x9E3779B97F4A7C15U) >> shift_);
  }
  void BuildBitmap();
  void BuildTable();

  std::vector<std::int64_t> values_;
  std::int64_t lowest_ = 0;
  std::uint64_t span_ = 0;  // highest - lowest
  bool is_bitmap_ = true;
  std::vector<std::uint64_t> words_ = {0};
  std::vector<std::int64_t> slots_;
  std::int64_t vacant_ = 0;  // outside the set
  int shift_ = 0;
};

}  // namespace elanus::expr

// A fixed set of int64, made for testing millions of values: a bitmap where
// the values lie close together, else open addressing at a load of 1/4 to 1/2
// with multiplicative hashing (Knuth, TAOCP vol. 3, 6.4).
//
// Threads: immutable.
#pragma once

#include <algorithm>
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
    if (is_bitmap_) {
      MaskBy(
          values,
          [this](std::int64_t, std::uint64_t distance) {
            return distance <= span_ && TestBit(distance);
          },
          words);
    } else {
      MaskBy(
          values,
          [this](std::int64_t value, std::uint64_t distance) {
            return distance <= span_ && Probe(value);
          },
          words);
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
    return static_cast<std::size_t>(
        (static_cast<std::uint64_t>(value) * 0x9E3779B97F4A7C15U) >> shift_);
  }
  template <typename T, typename Test>
  void MaskBy(std::span<const T> values, Test test,
              std::uint64_t* words) const {
    for (std::size_t first = 0; first < values.size(); first += 64) {
      const std::size_t count =
          std::min<std::size_t>(64, values.size() - first);
      std::uint64_t word = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const auto value = static_cast<std::int64_t>(values[first + i]);
        word |= static_cast<std::uint64_t>(test(value, Distance(value))) << i;
      }
      words[first / 64] = word;
    }
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

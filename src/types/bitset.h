// Bits addressed by row. A view says its sense by its name: `excluded`
// (1 = row is out), `selected` (1 = row is in), `nulls` (1 = value is null).
//
// Layout: 64-bit little-endian words, row r is bit r % 64 of word r / 64. Bits
// beyond the size are zero: every operation keeps that.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace elanus::types {

// Borrows words. An empty view has no words and reads as all zero.
class BitsetView {
 public:
  BitsetView() = default;
  BitsetView(const std::uint64_t* words, std::size_t size)
      : words_(words), size_(size) {}

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  const std::uint64_t* words() const { return words_; }
  std::size_t word_count() const { return (size_ + 63) / 64; }

  // False for rows beyond the size.
  bool Test(std::size_t row) const {
    return row < size_ && ((words_[row / 64] >> (row % 64)) & 1) != 0;
  }
  std::size_t Count() const;

 private:
  const std::uint64_t* words_ = nullptr;
  std::size_t size_ = 0;
};

class Bitset {
 public:
  Bitset() = default;
  explicit Bitset(std::size_t size, bool value = false)
      : words_((size + 63) / 64, value ? ~std::uint64_t{0} : 0), size_(size) {
    ClearTail();
  }
  // A copy.
  explicit Bitset(BitsetView bits)
      : words_(bits.words(), bits.words() + bits.word_count()),
        size_(bits.size()) {}

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::span<std::uint64_t> words() { return words_; }
  std::span<const std::uint64_t> words() const { return words_; }
  BitsetView view() const { return {words_.data(), size_}; }

  bool Test(std::size_t row) const { return view().Test(row); }
  void Set(std::size_t row) { words_[row / 64] |= Mask(row); }
  void Clear(std::size_t row) { words_[row / 64] &= ~Mask(row); }
  std::size_t Count() const { return view().Count(); }

  // The sizes must be equal.
  void And(BitsetView other);
  void Or(BitsetView other);
  // Clears what is set in `other`.
  void AndNot(BitsetView other);
  void Flip();

  // New rows are zero.
  void Resize(std::size_t size);

  // Calls visit(row) for each set bit, in order.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t word = words_[i]; word != 0; word &= word - 1) {
        visit(i * 64 + static_cast<std::size_t>(std::countr_zero(word)));
      }
    }
  }

 private:
  static std::uint64_t Mask(std::size_t row) {
    return std::uint64_t{1} << (row % 64);
  }
  void ClearTail() {
    if (size_ % 64 != 0) words_.back() &= Mask(size_) - 1;
  }

  std::vector<std::uint64_t> words_;
  std::size_t size_ = 0;
};

}  // namespace elanus::types

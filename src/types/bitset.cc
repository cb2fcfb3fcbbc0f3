#include "types/bitset.h"

#include "simd/bits.h"

namespace elanus::types {

std::size_t BitsetView::Count() const {
  return simd::Bits().set(words_, word_count());
}

void Bitset::And(BitsetView other) {
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words()[i];
}

void Bitset::Or(BitsetView other) {
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words()[i];
}

void Bitset::AndNot(BitsetView other) {
  for (std::size_t i = 0; i < words_.size(); ++i) {
    words_[i] &= ~other.words()[i];
  }
}

void Bitset::Flip() {
  for (std::uint64_t& word : words_) word = ~word;
  ClearTail();
}

void Bitset::Resize(std::size_t size) {
  words_.resize((size + 63) / 64, 0);
  size_ = size;
  ClearTail();
}

}  // namespace elanus::types

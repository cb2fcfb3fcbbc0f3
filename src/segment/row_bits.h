// Pieces of bitsets at places that need not be multiples of 64.
//
// Threads: pure functions.
#pragma once

#include <cstddef>

#include "types/bitset.h"

namespace elanus::segment {

// Sets the bits [at, at + from.size()) of `to` that are set in `from`.
inline void OrBitsAt(types::BitsetView from, std::size_t at,
                     types::Bitset* to) {
  const std::size_t shift = at % 64;
  const std::span<std::uint64_t> words = to->words();
  for (std::size_t i = 0; i < from.word_count(); ++i) {
    const std::uint64_t word = from.words()[i];
    const std::size_t place = at / 64 + i;
    words[place] |= word << shift;
    if (shift != 0 && (word >> (64 - shift)) != 0) {
      words[place + 1] |= word >> (64 - shift);
    }
  }
}

// The bits [begin, begin + size), which must exist.
inline types::Bitset TakeBits(types::BitsetView from, std::size_t begin,
                              std::size_t size) {
  types::Bitset taken(size);
  const std::size_t shift = begin % 64;
  const std::span<std::uint64_t> words = taken.words();
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t place = begin / 64 + i;
    words[i] = from.words()[place] >> shift;
    if (shift != 0 && place + 1 < from.word_count()) {
      words[i] |= from.words()[place + 1] << (64 - shift);
    }
  }
  taken.Resize(size);  // clears what was copied beyond the end
  return taken;
}

}  // namespace elanus::segment

// The walk over rows that every kernel of byte_dot.h does alike: four at a
// time, so that their cache misses overlap, with the next four known for
// fetching.
//
// Each file that includes it has a copy of its own, made with its instructions.
#pragma once

#include "simd/byte_dot.h"

namespace elanus::simd {
namespace {

constexpr size_t kGroup = 4;

// kFourRows(query, row, next, dim, out): four sums of the rows at `row`.
template <void (*kFourRows)(const int8_t*, const uint8_t* const*,
                            const uint8_t* const*, size_t, int32_t*)>
void RowsByFour(const int8_t* query, ByteTable rows, const uint32_t* ids,
                size_t count, size_t dim, int32_t* out) {
  // Past the end the last row stands in for a missing one.
  const auto row_at = [&](size_t i) {
    return rows.data + ids[i < count ? i : count - 1] * rows.stride;
  };
  if (count == 0) return;
  const uint8_t* row[kGroup];
  const uint8_t* next[kGroup];
  for (size_t j = 0; j < kGroup; ++j) next[j] = row_at(j);
  for (size_t i = 0; i < count; i += kGroup) {
    for (size_t j = 0; j < kGroup; ++j) {
      row[j] = next[j];
      next[j] = row_at(i + kGroup + j);
    }
    if (count - i >= kGroup) {
      kFourRows(query, row, next, dim, out + i);
      continue;
    }
    int32_t four[kGroup];
    kFourRows(query, row, next, dim, four);
    for (size_t j = 0; i + j < count; ++j) out[i + j] = four[j];
  }
}

}  // namespace
}  // namespace elanus::simd

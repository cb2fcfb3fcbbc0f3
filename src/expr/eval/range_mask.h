// The inner loop of all comparisons: which of `count` values lie in
// [lower, upper]? Writes one bit a value, (count + 63) / 64 words, the rest of
// the last word zero.
//
// values: aligned for T.
// Threads: pure. The instruction set is chosen once per process (AVX-512 or
//          plain code).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace elanus::expr {

void RangeMask(std::span<const std::int8_t> values, std::int8_t lower,
               std::int8_t upper, std::uint64_t* words);
void RangeMask(std::span<const std::int16_t> values, std::int16_t lower,
               std::int16_t upper, std::uint64_t* words);
void RangeMask(std::span<const std::int32_t> values, std::int32_t lower,
               std::int32_t upper, std::uint64_t* words);
void RangeMask(std::span<const std::int64_t> values, std::int64_t lower,
               std::int64_t upper, std::uint64_t* words);
void RangeMask(std::span<const float> values, float lower, float upper,
               std::uint64_t* words);
void RangeMask(std::span<const double> values, double lower, double upper,
               std::uint64_t* words);

// The same in plain code, for every type: what the faster ones are tested
// against.
template <typename T>
void RangeMaskPlain(std::span<const T> values, T lower, T upper,
                    std::uint64_t* words) {
  for (std::size_t first = 0; first < values.size(); first += 64) {
    const std::size_t count =
        values.size() - first < 64 ? values.size() - first : 64;
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const T value = values[first + i];
      word |= static_cast<std::uint64_t>((lower <= value) & (value <= upper))
              << i;
    }
    words[first / 64] = word;
  }
}

}  // namespace elanus::expr

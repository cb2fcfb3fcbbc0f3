// Seeded vectors of the dense types, for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "index/vector/dense_rows.h"

namespace elanus::index {

struct DenseVectors {
  types::DataType type;
  std::vector<std::byte> bytes;
  std::vector<float> values;  // the same as float32

  // All rows as one block.
  VectorBlock block(std::size_t dim) const {
    return {.data = bytes.data(), .rows = values.size() / dim};
  }
};

inline DenseVectors RandomDense(types::DataType type, std::size_t rows,
                                std::size_t dim, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  DenseVectors made{
      .type = type,
      .bytes = std::vector<std::byte>(rows * dim * ElementBytes(type)),
      .values = std::vector<float>(rows * dim)};
  const auto put = [&made](std::size_t i, auto value) {
    std::memcpy(made.bytes.data() + i * sizeof(value), &value, sizeof(value));
  };
  std::normal_distribution<float> normal;
  for (std::size_t i = 0; i < made.values.size(); ++i) {
    const auto bits = static_cast<std::uint32_t>(random());
    if (type == types::DataType::kFloatVector) {
      put(i, normal(random));
    } else if (type == types::DataType::kFloat16Vector) {
      // Any sign and fraction, magnitudes from 1/16 to 4.
      put(i, static_cast<std::uint16_t>((bits & 0x83FFU) |
                                        ((11 + (bits >> 16) % 6) << 10)));
    } else if (type == types::DataType::kBFloat16Vector) {
      put(i, static_cast<std::uint16_t>((bits & 0x807FU) |
                                        ((123 + (bits >> 16) % 6) << 7)));
    } else {
      put(i, static_cast<std::int8_t>(bits));
    }
  }
  if (const simd::DecodeKernel decode = DecoderOf(type); decode != nullptr) {
    decode(made.bytes.data(), made.values.size(), made.values.data());
  } else {
    std::memcpy(made.values.data(), made.bytes.data(), made.bytes.size());
  }
  return made;
}

}  // namespace elanus::index

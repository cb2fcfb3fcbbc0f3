// Reads the arrays of measuring sets: NumPy .npy, version 1.0, little-endian,
// C order. For tests and benchmarks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace elanus::index {

template <typename T>
struct NpyArray {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<T> values;
};

// float16 is widened.
absl::StatusOr<NpyArray<float>> ReadNpyHalf(const std::string& path);
absl::StatusOr<NpyArray<std::int32_t>> ReadNpyInt32(const std::string& path);
// Of one dimension, which are the rows.
absl::StatusOr<NpyArray<std::int64_t>> ReadNpyInt64(const std::string& path);
absl::StatusOr<NpyArray<std::uint32_t>> ReadNpyUint32(const std::string& path);
absl::StatusOr<NpyArray<float>> ReadNpyFloat(const std::string& path);

// The folder of measuring sets: $ELANUS_DATA_DIR, else `fallback`.
std::string DataFolder(const std::string& fallback);

}  // namespace elanus::index

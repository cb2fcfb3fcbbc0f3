#include "index/testing/npy.h"

#include <bit>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <regex>
#include <string_view>

namespace elanus::index {
namespace {

struct RawArray {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::string bytes;
};

absl::StatusOr<RawArray> ReadRaw(const std::string& path, std::string_view type,
                                 std::size_t width) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return base::Error(base::ErrorCode::kIoKeyNotFound, "no file {}", path);
  }
  std::string file((std::istreambuf_iterator<char>(in)), {});
  if (file.size() < 10) return base::DataLoss("{}: too short", path);
  std::uint16_t header_size = 0;
  std::memcpy(&header_size, file.data() + 8, sizeof(header_size));
  const std::string header = file.substr(10, header_size);
  std::smatch shape;
  if (header.find(type) == std::string::npos ||
      !std::regex_search(header, shape,
                         std::regex(R"(\((\d+),(?: (\d+))?\))"))) {
    return base::DataLoss("{}: unexpected header {}", path, header);
  }
  RawArray raw{.rows = std::stoul(shape[1]),
               .columns = shape[2].matched ? std::stoul(shape[2]) : 1};
  raw.bytes = file.substr(std::size_t{10} + header_size);
  if (raw.bytes.size() != raw.rows * raw.columns * width) {
    return base::DataLoss("{}: {} bytes", path, raw.bytes.size());
  }
  return raw;
}

template <typename T>
absl::StatusOr<NpyArray<T>> ReadAs(const std::string& path,
                                   std::string_view type) {
  ASSIGN_OR_RETURN(const RawArray raw, ReadRaw(path, type, sizeof(T)));
  NpyArray<T> array{.rows = raw.rows, .columns = raw.columns};
  array.values.resize(raw.rows * raw.columns);
  std::memcpy(array.values.data(), raw.bytes.data(), raw.bytes.size());
  return array;
}

float Widen(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t{half & 0x8000U} << 16;
  std::uint32_t exponent = (half >> 10) & 0x1FU;
  std::uint32_t mantissa = half & 0x3FFU;
  if (exponent == 0) {
    const float small = static_cast<float>(mantissa) * 0x1p-24F;
    return sign != 0 ? -small : small;
  }
  exponent = exponent == 31 ? 255 : exponent + 112;
  mantissa <<= 13;
  return std::bit_cast<float>(sign | (exponent << 23) | mantissa);
}

}  // namespace

absl::StatusOr<NpyArray<float>> ReadNpyHalf(const std::string& path) {
  ASSIGN_OR_RETURN(const RawArray raw, ReadRaw(path, "<f2", 2));
  NpyArray<float> array{.rows = raw.rows, .columns = raw.columns};
  array.values.resize(raw.rows * raw.columns);
  for (std::size_t i = 0; i < array.values.size(); ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, raw.bytes.data() + i * sizeof(half), sizeof(half));
    array.values[i] = Widen(half);
  }
  return array;
}

absl::StatusOr<NpyArray<std::int32_t>> ReadNpyInt32(const std::string& path) {
  return ReadAs<std::int32_t>(path, "<i4");
}

absl::StatusOr<NpyArray<std::int64_t>> ReadNpyInt64(const std::string& path) {
  return ReadAs<std::int64_t>(path, "<i8");
}

absl::StatusOr<NpyArray<std::uint32_t>> ReadNpyUint32(const std::string& path) {
  return ReadAs<std::uint32_t>(path, "<u4");
}

absl::StatusOr<NpyArray<float>> ReadNpyFloat(const std::string& path) {
  return ReadAs<float>(path, "<f4");
}

std::string DataFolder(const std::string& fallback) {
  const char* folder = std::getenv("ELANUS_DATA_DIR");
  return folder != nullptr ? folder : fallback;
}

}  // namespace elanus::index

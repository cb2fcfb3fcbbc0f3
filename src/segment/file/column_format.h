// Numbers that the writer and the reader of column files share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/buffer.h"

namespace elanus::segment::column_format {

inline constexpr std::string_view kMagic = "ELCF";
inline constexpr std::uint16_t kVersion = 1;
inline constexpr std::uint16_t kHasNulls = 1;
inline constexpr std::size_t kHeaderSize = 64;
inline constexpr std::size_t kChunkPlaceSize = 32;
inline constexpr std::size_t kAlignment = base::AlignedBytes::kAlignment;

constexpr std::uint64_t AlignUp(std::uint64_t offset) {
  return (offset + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace elanus::segment::column_format

// Numbers that the writer and the reader of delete files share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace elanus::segment::delete_format {

inline constexpr std::string_view kMagic = "ELDF";
inline constexpr std::uint16_t kVersion = 1;
inline constexpr std::size_t kHeaderSize = 128;

}  // namespace elanus::segment::delete_format

// CRC-32C (Castagnoli), the checksum of every block and record.
// Source: RFC 3720, appendix B.4. Uses the CPU's instruction where there is
// one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace elanus::base {

// The checksum of `bytes` put behind what `crc` covers; 0 to start.
std::uint32_t Crc32c(std::span<const std::byte> bytes, std::uint32_t crc = 0);

}  // namespace elanus::base

#include "base/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace elanus::base {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78;  // Castagnoli, reflected

constexpr std::array<std::uint32_t, 256> MakeTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    }
    table[i] = crc;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> kTable = MakeTable();

std::uint32_t ExtendByTable(std::uint32_t crc, const std::byte* data,
                            std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    crc =
        kTable[(crc ^ static_cast<std::uint32_t>(data[i])) & 0xff] ^ (crc >> 8);
  }
  return crc;
}

#if defined(__x86_64__)
// The instruction gives one result a cycle, three cycles later: three pieces
// at a time keep it busy. A checksum is linear, so that of the pieces together
// comes of theirs by appending zeros, which a table does byte by byte (Gopal et
// al., "Fast CRC Computation for iSCSI Polynomial Using CRC32 Instruction",
// Intel 2011).
constexpr std::size_t kPiece = 1360;  // three of them in a block of 4 KiB

using ShiftTable = std::array<std::array<std::uint32_t, 256>, 4>;
constexpr ShiftTable MakeShiftTable() {
  ShiftTable shift{};
  for (unsigned bit = 0; bit < 32; ++bit) {
    std::uint32_t crc = std::uint32_t{1} << bit;
    for (std::size_t zeros = 0; zeros < kPiece; ++zeros) {
      crc = kTable[crc & 0xff] ^ (crc >> 8);
    }
    for (unsigned value = 0; value < 256; ++value) {
      if ((value >> (bit % 8) & 1) != 0) shift[bit / 8][value] ^= crc;
    }
  }
  return shift;
}
constexpr ShiftTable kShift = MakeShiftTable();

// As if kPiece zeros came behind.
std::uint32_t AppendZeros(std::uint64_t crc) {
  return kShift[0][crc & 0xff] ^ kShift[1][crc >> 8 & 0xff] ^
         kShift[2][crc >> 16 & 0xff] ^ kShift[3][crc >> 24 & 0xff];
}

std::uint64_t WordAt(const std::byte* data) {
  std::uint64_t word;
  std::memcpy(&word, data, sizeof(word));
  return word;
}

__attribute__((target("sse4.2"))) std::uint32_t ExtendBySse42(
    std::uint32_t crc, const std::byte* data, std::size_t size) {
  std::uint64_t wide = crc;
  for (; size >= 3 * kPiece; size -= 3 * kPiece, data += 3 * kPiece) {
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (std::size_t i = 0; i < kPiece; i += 8) {
      wide = _mm_crc32_u64(wide, WordAt(data + i));
      second = _mm_crc32_u64(second, WordAt(data + kPiece + i));
      third = _mm_crc32_u64(third, WordAt(data + 2 * kPiece + i));
    }
    wide = AppendZeros(AppendZeros(wide) ^ second) ^ third;
  }
  for (; size >= 8; size -= 8, data += 8) {
    wide = _mm_crc32_u64(wide, WordAt(data));
  }
  crc = static_cast<std::uint32_t>(wide);
  for (; size > 0; --size, ++data) {
    crc = _mm_crc32_u8(crc, static_cast<unsigned char>(*data));
  }
  return crc;
}

bool HasSse42() {
  static const bool has = __builtin_cpu_supports("sse4.2") != 0;
  return has;
}
#endif

}  // namespace

std::uint32_t Crc32c(std::span<const std::byte> bytes, std::uint32_t crc) {
#if defined(__x86_64__)
  if (HasSse42()) return ~ExtendBySse42(~crc, bytes.data(), bytes.size());
#endif
  return ~ExtendByTable(~crc, bytes.data(), bytes.size());
}

}  // namespace elanus::base
